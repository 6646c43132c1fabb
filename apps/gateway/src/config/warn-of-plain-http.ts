import { Logger } from '@nestjs/common';
import { type GatewayConfig } from './load-config.js';
import { isInTheClear } from './plain-http.js';

type Addresses = Pick<GatewayConfig, 'integrations' | 'access'>;

/** Warns of all that `allowPlainHttp` allows and that is used. */
export function warnOfPlainHttp(config: Addresses): void {
  const fields = fieldsInTheClear(config);
  if (fields.length === 0) return;
  new Logger('Gateway').warn(
    `In the clear beyond this machine, by allowPlainHttp: ${fields.join(', ')}. Whoever can listen on the way reads the credentials`,
  );
}

/** The fields whose URLs are called in the clear beyond this machine. */
export function fieldsInTheClear({ integrations, access }: Addresses): string[] {
  const urls = [
    ...[...integrations].flatMap(([name, { upstream, token }]) => [
      [`integrations.${name}.upstream`, upstream],
      [`integrations.${name}.token.issuer`, token.issuer],
      [`integrations.${name}.token.tokenEndpoint`, token.tokenEndpoint],
    ]),
    ...(access?.jwt ?? []).flatMap(({ issuer, jwksUri }, index) => [
      [`access.jwt.${index}.issuer`, issuer],
      [`access.jwt.${index}.jwksUri`, jwksUri],
    ]),
  ];
  return urls.flatMap(([field, url]) =>
    field !== undefined && url !== undefined && URL.canParse(url) && isInTheClear(url) ? [field] : [],
  );
}

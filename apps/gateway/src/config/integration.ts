import { isReserved, readName } from '../proxy/reserved-fields.js';
import { type ConfigProblem } from './config.error.js';
import { type IntegrationConfig, type TokenConfig } from './config.schema.js';
import { type ReadClientTls, resolveTls } from './client-tls.js';
import { isInTheClear } from './plain-http.js';
import { resolveSecret, type Secret, valueOf } from './secret.js';

const RESERVED = 'must not be a header that the gateway sets itself, or that has a meaning of its own';

/** A `token` section whose `file:` references are resolved. */
export interface TokenSection extends Omit<TokenConfig, 'clientSecret' | 'parameters' | 'headers' | 'tls'> {
  readonly clientSecret?: Secret;
  readonly parameters?: Readonly<Record<string, Secret | readonly Secret[]>>;
  readonly headers?: Readonly<Record<string, Secret>>;
  readonly tls?: ReadClientTls;
}

/** An integration whose `file:` references are resolved. */
export interface Integration extends Omit<IntegrationConfig, 'token' | 'tls'> {
  readonly token: TokenSection;
  readonly tls?: ReadClientTls;
}

/** Resolves the `file:` references of one integration, relative to `directory`; what is wrong with them goes into `problems`. */
export function resolveIntegration(
  name: string,
  { token, tls, credential, ...options }: IntegrationConfig,
  directory: string,
  problems: ConfigProblem[],
): Integration {
  const path = `integrations.${name}`;
  const secret = (value: string, field: string): Secret =>
    resolveSecret(value, directory, `${path}.${field}`, problems);
  const resolved: Integration = {
    ...options,
    token: resolveToken(token, directory, `${path}.token`, problems),
    credential: credential && textOf(secret(credential, 'credential')),
    tls: tls && resolveTls(tls, directory, `${path}.tls`, problems),
  };
  problems.push(...headerProblems(resolved, path), ...conflictsOf(resolved, path));
  return resolved;
}

function resolveToken(
  { clientSecret, parameters, headers, tls, ...options }: TokenConfig,
  directory: string,
  path: string,
  problems: ConfigProblem[],
): TokenSection {
  const secret = (value: string, field: string): Secret =>
    resolveSecret(value, directory, `${path}.${field}`, problems);
  return {
    ...options,
    clientSecret: clientSecret && secret(clientSecret, 'clientSecret'),
    parameters:
      parameters &&
      mapValues(parameters, (value, name) =>
        Array.isArray(value)
          ? value.map((item, index) => secret(item, `parameters.${name}.${index}`))
          : secret(value, `parameters.${name}`),
      ),
    headers: headers && mapValues(headers, (value, name) => secret(value, `headers.${name}`)),
    tls: tls && resolveTls(tls, directory, `${path}.tls`, problems),
  };
}

/** The form of a header is fixed while the gateway runs. */
function textOf(secret: Secret): string {
  try {
    return valueOf(secret);
  } catch {
    // The file that cannot be read is a problem already.
    return '';
  }
}

/** What is wrong with the headers that options put into each request for the upstream, which would bear one of them twice. */
function headerProblems({ credential = '', forwardAuthorizationAs = '' }: Integration, path: string): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const [header, forwarded] = [credential.split(':')[0]!, forwardAuthorizationAs].map(readName);
  const refuse = (field: string, problem: string): void => void problems.push({ path: `${path}.${field}`, problem });
  if (isReserved(header!)) refuse('credential', `${RESERVED}: give the one that the upstream reads its token from`);
  if (isReserved(forwarded!) || ['authorization', 'cookie'].includes(forwarded!)) {
    refuse('forwardAuthorizationAs', `${RESERVED}: choose another, such as X-Caller-Authorization`);
  }
  if (forwarded && forwarded === header) {
    refuse(
      'forwardAuthorizationAs',
      'must not be the header of credential: choose another, such as X-Caller-Authorization',
    );
  }
  return problems;
}

function conflictsOf({ upstream, allowPlainHttp, tls, token }: Integration, path: string): ConfigProblem[] {
  const conflicts: ConfigProblem[] = [];
  if (isInTheClear(upstream) && !allowPlainHttp) {
    const problem = 'must be https: a token travels in the clear beyond this machine only with allowPlainHttp';
    conflicts.push({ path: `${path}.upstream`, problem });
  }
  if (tls && upstream.startsWith('http:')) {
    conflicts.push({ path: `${path}.tls`, problem: 'has no use: upstream is http, so remove it or make that https' });
  }
  if (token.tls && (token.tokenEndpoint ?? token.issuer)?.startsWith('http:')) {
    conflicts.push({
      path: `${path}.token.tls`,
      problem: 'has no use: the identity provider is http, so remove it or make that https',
    });
  }
  return conflicts;
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From, name: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]));
}

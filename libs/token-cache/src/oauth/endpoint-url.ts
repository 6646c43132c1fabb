import { TokenConfigError } from '../core/contract/token-cache.errors.js';
import { type AllowedHttp, isProtocolAllowed } from './plain-http.js';
import { hasOpenHost, urlFillerOf } from './request-template.js';

/**
 * Checks a URL that a secret will be sent to: it must be `https`, or `http` on a loopback host if `allowInsecureRequests`, or on
 * any host if `allowPlainHttp`.
 *
 * @throws TokenConfigError naming `field`
 */
export function endpointUrl(field: string, value: unknown, allowed: AllowedHttp): URL {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !['https:', 'http:'].includes(url.protocol)) throw new TokenConfigError(field, 'must be an https URL');
  if (url.username || url.password)
    throw new TokenConfigError(field, 'must not hold credentials; use clientId and clientSecret');
  if (url.hash) throw new TokenConfigError(field, 'must not hold a fragment');
  if (!isProtocolAllowed(url, allowed)) {
    throw new TokenConfigError(
      field,
      'must be https; allowInsecureRequests allows http on loopback hosts only, and allowPlainHttp on any',
    );
  }
  return url;
}

const SAMPLE = urlFillerOf({ tenant: 'tenant', subject: 'subject' });

/**
 * Checks such a URL, in which `{tenant}` and `{subject}` may stand.
 *
 * @throws TokenConfigError naming `field`
 */
export function checkUrlTemplate(field: string, value: unknown, allowed: AllowedHttp): void {
  endpointUrl(field, typeof value === 'string' ? SAMPLE(value) : value, allowed);
  if (hasOpenHost(value as string)) {
    throw new TokenConfigError(
      field,
      'must end its host in a domain of the provider, such as https://{tenant}.idp.example: a request must not choose where the secret is sent',
    );
  }
}

/** The URL for error messages, without its query, which may hold secrets. */
export function printableUrl({ origin, pathname }: URL): string {
  return origin + pathname;
}

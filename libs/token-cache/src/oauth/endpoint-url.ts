import { TokenConfigError } from '../core/contract/token-cache.errors.js';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * A URL that a secret may be sent to: `https`, or `http` on this machine when that is allowed.
 *
 * @throws TokenConfigError naming `field`
 */
export function endpointUrl(field: string, value: unknown, allowInsecureRequests: boolean): URL {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !['https:', 'http:'].includes(url.protocol)) throw new TokenConfigError(field, 'must be an https URL');
  if (url.username || url.password) throw new TokenConfigError(field, 'must not hold credentials');
  if (url.hash) throw new TokenConfigError(field, 'must not hold a fragment');
  if (url.protocol === 'http:' && !(allowInsecureRequests && LOOPBACK.test(url.hostname))) {
    throw new TokenConfigError(field, 'must be https; allowInsecureRequests allows http on loopback hosts only');
  }
  return url;
}

/** The URL as messages may show it: a query can hold keys. */
export function printableUrl({ origin, pathname }: URL): string {
  return origin + pathname;
}

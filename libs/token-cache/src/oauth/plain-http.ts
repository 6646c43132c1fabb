import { isIPv4 } from 'node:net';
import { type OAuthClientOptions } from './oauth-client.options.js';

/** Where `http` is allowed: on this machine, and beyond it. */
export type AllowedHttp = Pick<OAuthClientOptions, 'allowInsecureRequests' | 'allowPlainHttp'>;

/** Whether a secret may be sent to a URL by `http`: on a loopback host if `allowInsecureRequests`, on any if `allowPlainHttp`. */
export function isHttpAllowed({ hostname }: URL, { allowInsecureRequests, allowPlainHttp }: AllowedHttp): boolean {
  return allowPlainHttp === true || (allowInsecureRequests === true && isLoopback(hostname));
}

/** Whether a host name or an address is that of this machine only: `localhost`, `127.0.0.0/8` or `::1` (RFC 6761, RFC 5735, RFC 4291). */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'));
}

import { isIPv4 } from 'node:net';
import { type OAuthClientOptions } from './oauth-client.options.js';

/** Where `http` is allowed: on this machine, and beyond it. */
export type AllowedHttp = Pick<OAuthClientOptions, 'allowInsecureRequests' | 'allowPlainHttp'>;

/**
 * Whether a secret may be sent to a URL, by its protocol: `https` always, `http` to a loopback host if `allowInsecureRequests` and to
 * any host if `allowPlainHttp`, and nothing else.
 */
export function isProtocolAllowed(
  { protocol, hostname }: URL,
  { allowInsecureRequests, allowPlainHttp }: AllowedHttp,
): boolean {
  const isHttpAllowed = allowPlainHttp === true || (allowInsecureRequests === true && isLoopback(hostname));
  return protocol === 'https:' || (protocol === 'http:' && isHttpAllowed);
}

/**
 * Whether a host is this machine only: `localhost` (RFC 6761), `127.0.0.0/8` (RFC 1122) or `::1` (RFC 4291).
 *
 * @param host an address, or a name as the `hostname` of a URL of http has it
 */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'));
}

import { type IncomingMessage } from 'node:http';
import { isHopByHop, namedInConnection } from './hop-by-hop.js';

export interface ForwardingPolicy {
  readonly forwardCookies: boolean;
  readonly forwardAuthorizationAs?: string;
}

/** What the gateway or undici says itself, whatever the caller says: framing, address, credential and who is asking. */
const OWN = new Set(['host', 'content-length', 'authorization', 'x-request-id', 'forwarded', 'x-real-ip']);

/**
 * The header for the upstream, as undici's flat list of names and values: the caller's, without what ends here, and then
 * ours, which nothing the caller sends can remove.
 */
export function requestHeaders(
  { headers, socket }: IncomingMessage,
  { forwardCookies, forwardAuthorizationAs }: ForwardingPolicy,
  authorization: string,
  requestId: string,
): string[] {
  const named = namedInConnection(headers.connection);
  const forwarded: string[] = [];
  for (const name in headers) {
    if (OWN.has(name) || named.has(name) || isHopByHop(name) || name.startsWith('x-forwarded-')) continue;
    if (name === 'cookie' && !forwardCookies) continue;
    forwarded.push(name, `${headers[name]}`);
  }
  if (forwardAuthorizationAs && headers.authorization) forwarded.push(forwardAuthorizationAs, headers.authorization);
  const chain = named.has('x-forwarded-for') ? undefined : headers['x-forwarded-for'];
  forwarded.push('x-forwarded-for', `${chain ? `${chain}, ` : ''}${socket.remoteAddress ?? 'unknown'}`);
  if (headers.host !== undefined) forwarded.push('x-forwarded-host', headers.host);
  forwarded.push('x-forwarded-proto', 'http', 'x-request-id', requestId, 'authorization', authorization);
  return forwarded;
}

import { type IncomingMessage } from 'node:http';
import { type CredentialHeader } from '@mintonce/token-cache';
import { isHopByHop, namedInConnection } from './hop-by-hop.js';

/** What of the caller's own credentials is forwarded. */
export interface ForwardingPolicy {
  readonly forwardCookies: boolean;
  readonly forwardAuthorizationAs?: string;
}

/** Fields that the gateway or undici sets itself: framing, host, credential and the identity of the caller. */
const OWN = new Set(['host', 'content-length', 'authorization', 'x-request-id', 'forwarded', 'x-real-ip']);

/**
 * The header for the upstream, as undici's flat list of names and values. The caller's fields come first, without those that end
 * at this hop. The gateway's own fields follow; the caller cannot remove them.
 */
export function requestHeaders(
  { headers, socket }: IncomingMessage,
  { forwardCookies, forwardAuthorizationAs }: ForwardingPolicy,
  credential: CredentialHeader,
  requestId: string,
): string[] {
  const named = namedInConnection(headers.connection);
  const forwarded: string[] = [];
  for (const name in headers) {
    if (
      name === credential.name ||
      OWN.has(name) ||
      named.has(name) ||
      isHopByHop(name) ||
      name.startsWith('x-forwarded-')
    )
      continue;
    if (name === 'cookie' && !forwardCookies) continue;
    forwarded.push(name, `${headers[name]}`);
  }
  if (forwardAuthorizationAs && headers.authorization) forwarded.push(forwardAuthorizationAs, headers.authorization);
  const chain = named.has('x-forwarded-for') ? undefined : headers['x-forwarded-for'];
  forwarded.push('x-forwarded-for', `${chain ? `${chain}, ` : ''}${socket.remoteAddress ?? 'unknown'}`);
  if (headers.host !== undefined) forwarded.push('x-forwarded-host', headers.host);
  forwarded.push('x-forwarded-proto', 'http', 'x-request-id', requestId, credential.name, credential.value);
  return forwarded;
}

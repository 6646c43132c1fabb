import { type IncomingMessage } from 'node:http';
import { type CredentialHeader } from '@mintonce/token-cache';
import { isHopByHop, namedInConnection } from './hop-by-hop.js';
import { viaOf } from './via.js';

/** What of the caller's own credentials is forwarded. */
export interface ForwardingPolicy {
  readonly forwardCookies: boolean;
  readonly forwardAuthorizationAs?: string;
}

/** Fields that the gateway or undici sets itself: framing, host, credential and the identity of the caller. */
const OWN = ['host', 'content-length', 'authorization', 'x-request-id', 'forwarded', 'via', 'x-real-ip'];
/** Fields that some servers take for the path of the request, and one that CGI takes for the proxy to use (httpoxy). */
const MISTAKABLE = ['x-original-url', 'x-rewrite-url', 'x-original-uri', 'x-envoy-original-path', 'proxy'];
const NOT_FORWARDED: ReadonlySet<string> = new Set([...OWN, ...MISTAKABLE]);

/**
 * The header for the upstream, as undici's flat list of names and values. The caller's fields come first, without those that end
 * at this hop. The gateway's own fields follow; the caller cannot remove them.
 */
export function requestHeaders(
  request: IncomingMessage,
  { forwardCookies, forwardAuthorizationAs }: ForwardingPolicy,
  credential: CredentialHeader,
  requestId: string,
): string[] {
  const { headers, socket } = request;
  const named = namedInConnection(headers.connection);
  const chosen = [credential.name, forwardAuthorizationAs?.toLowerCase()].map((name) => name?.replaceAll('_', '-'));
  const forwarded: string[] = [];
  for (const name in headers) {
    // Servers that hand fields on as variables (CGI, WSGI) do not tell "_" and "-" apart.
    const read = name.replaceAll('_', '-');
    if (NOT_FORWARDED.has(read) || chosen.includes(read) || isHopByHop(read) || read.startsWith('x-forwarded-'))
      continue;
    if (named.has(name) || (name === 'cookie' && !forwardCookies)) continue;
    forwarded.push(name, `${headers[name]}`);
  }
  if (forwardAuthorizationAs && headers.authorization) forwarded.push(forwardAuthorizationAs, headers.authorization);
  const chain = named.has('x-forwarded-for') ? undefined : headers['x-forwarded-for'];
  forwarded.push('x-forwarded-for', `${chain ? `${chain}, ` : ''}${socket.remoteAddress ?? 'unknown'}`);
  if (headers.host !== undefined) forwarded.push('x-forwarded-host', headers.host);
  const scheme = 'encrypted' in socket ? 'https' : 'http';
  forwarded.push('x-forwarded-proto', scheme, 'x-request-id', requestId, 'via', viaOf(request));
  forwarded.push(credential.name, credential.value);
  return forwarded;
}

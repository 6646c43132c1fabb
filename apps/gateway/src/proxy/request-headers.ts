import { type IncomingMessage } from 'node:http';
import { type CredentialHeader } from '@mintonce/token-cache';
import { namedInConnection } from './hop-by-hop.js';
import { endsAtGateway, readName } from './reserved-fields.js';
import { viaOf } from './via.js';

/** What of the caller's own credentials is forwarded. */
export interface ForwardingPolicy {
  readonly forwardCookies: boolean;
  readonly forwardAuthorizationAs?: string;
}

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
  const chosen = ['authorization', credential.name, forwardAuthorizationAs].map((name) => name && readName(name));
  const forwarded: string[] = [];
  for (const name in headers) {
    const read = readName(name);
    if (endsAtGateway(read) || chosen.includes(read)) continue;
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

import { isHopByHop, namedInConnection } from './hop-by-hop.js';

/** A header in undici's form: names in lower case, repeated fields as a list. */
export type ReceivedHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** The header for the caller: the upstream's, without the fields that end at this hop, and the request's id. */
export function responseHeaders(
  headers: ReceivedHeaders,
  forwardCookies: boolean,
  requestId: string,
): Record<string, string | string[]> {
  const named = namedInConnection(headers.connection);
  const forwarded: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || isHopByHop(name) || named.has(name)) continue;
    // A cookie of the upstream belongs to the gateway's credential, which many callers share.
    if (name === 'set-cookie' && !forwardCookies) continue;
    forwarded[name] = value;
  }
  forwarded['x-request-id'] = requestId;
  return forwarded;
}

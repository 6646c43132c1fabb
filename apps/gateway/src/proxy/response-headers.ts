import { cacheControlOf } from './cache-control.js';
import { isHopByHop, namedInConnection } from './hop-by-hop.js';
import { isOfTheOrigin } from './origin-fields.js';
import { relayedProxyStatus } from './proxy-status.js';
import { type ResponseReferences } from './references/response-references.js';

/** A header in undici's form: names in lower case, repeated fields as a list. */
export type ReceivedHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** What the header for a caller depends on, beside the upstream's. */
export interface ResponseHeaderOptions {
  readonly forwardCookies: boolean;
  readonly references: ResponseReferences;
  readonly requestId: string;
}

/**
 * The header for the caller: the upstream's, without the fields that end at this hop or speak of the upstream's origin, with
 * references that lead to the gateway, and the request's id.
 */
export function responseHeaders(
  status: number,
  headers: ReceivedHeaders,
  { forwardCookies, references, requestId }: ResponseHeaderOptions,
): Record<string, string | string[]> {
  const named = namedInConnection(headers.connection);
  const forwarded: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || isHopByHop(name) || named.has(name) || isOfTheOrigin(name)) continue;
    // A cookie of the upstream belongs to the gateway's credential, which many callers share.
    if (name === 'set-cookie' && !forwardCookies) continue;
    const rewritten = references.rewrite(name, value);
    if (rewritten !== undefined) forwarded[name] = rewritten;
  }
  // A 204 has no length, and a 205 no body (RFC 9110 sections 8.6 and 15.3.6), whatever the upstream sends with it.
  if (status === 204) delete forwarded['content-length'];
  if (status === 205) forwarded['content-length'] = '0';
  forwarded['cache-control'] = cacheControlOf(headers['cache-control']);
  forwarded['x-request-id'] = requestId;
  // Its name begins like those of fields that end at this hop, and it goes from hop to hop.
  const proxyStatus = relayedProxyStatus(status, headers['proxy-status']);
  if (proxyStatus !== undefined) forwarded['proxy-status'] = proxyStatus;
  return forwarded;
}

import { type IncomingMessage } from 'node:http';

/** Header in which a caller may send its key, so that `Authorization` stays free for the upstream. */
export const KEY_HEADER = 'x-api-key';

/** What a request shows to be let in: nothing, something that is no credential, or one. */
export type Presented =
  | { readonly kind: 'none' | 'malformed' }
  | { readonly kind: 'key' | 'bearer'; readonly value: string };

/** Visible ASCII: no key or token holds anything else, and a list of two values holds a space. */
const CREDENTIAL = /^[\x21-\x7e]{1,8192}$/;
const BEARER = /^bearer +([\x21-\x7e]{1,8192})$/i;

/**
 * The credential of a request. The first of these that is there decides: `X-Api-Key`, then `Authorization: Bearer`. A field that
 * is sent twice is no credential: two programs on the way might each read another of the two.
 */
export function presentedCredential({
  headers,
  rawHeaders,
}: Pick<IncomingMessage, 'headers' | 'rawHeaders'>): Presented {
  if (isRepeated(rawHeaders, KEY_HEADER) || isRepeated(rawHeaders, 'authorization')) return { kind: 'malformed' };
  const key = headers[KEY_HEADER];
  if (key !== undefined) return CREDENTIAL.test(`${key}`) ? { kind: 'key', value: `${key}` } : { kind: 'malformed' };
  return bearerOf(headers.authorization);
}

/** The credential of an `Authorization` field (RFC 6750 section 2.1). */
export function bearerOf(authorization: string | undefined): Presented {
  if (authorization === undefined) return { kind: 'none' };
  const value = BEARER.exec(authorization)?.[1];
  return value === undefined ? { kind: 'malformed' } : { kind: 'bearer', value };
}

function isRepeated(rawHeaders: readonly string[], name: string): boolean {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]!.length === name.length && rawHeaders[index]!.toLowerCase() === name) count++;
  }
  return count > 1;
}

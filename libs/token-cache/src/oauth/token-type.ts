/** `Bearer`, and what servers write for it: Apigee's `BearerToken`, `bearer_token`. */
const BEARER = /^bearer$/i;
const LIKE_BEARER = /^bearer[ _-]?token$/i;

/**
 * The type of a token by the `token_type` of its answer (RFC 6749 section 7.1); undefined for one that this client was not told
 * how to use. A type that is missing, null or empty is Bearer.
 *
 * @param wanted the type that the options name
 */
export function tokenTypeOf(stated: unknown, wanted: string | undefined): string | undefined {
  if (stated !== undefined && stated !== null && typeof stated !== 'string') return undefined;
  const type = stated?.trim() ?? '';
  const isBearer = type === '' || BEARER.test(type) || LIKE_BEARER.test(type);
  if (wanted !== undefined) return isBearer || type.toLowerCase() === wanted.toLowerCase() ? wanted : undefined;
  if (!isBearer) return undefined;
  return BEARER.test(type) ? type : 'Bearer';
}

/** Directives by which a shared cache may keep the answer to a request with a credential (RFC 9111 section 3.5), or may not. */
const DECIDED = /(^|[\s,])(public|private|no-store|s-maxage|must-revalidate)\s*(?=[=,]|$)/i;

/**
 * The `Cache-Control` for the caller. Caches between it and the gateway see no credential in its request, and would share with
 * others what the upstream meant for one.
 */
export function cacheControlOf(value: string | string[] | undefined): string {
  const given = [value ?? []].flat().join(', ');
  if (given === '') return 'private';
  return DECIDED.test(given) ? given : `${given}, private`;
}

/**
 * Headers that say where a message begins, ends or goes, or that belong to one connection (RFC 9110 section 7.6.1; `http2-settings`:
 * RFC 7540 section 3.2.1). The HTTP client sets them.
 */
const FRAMING =
  /^(host|connection|content-length|transfer-encoding|expect|te|trailer|upgrade|http2-settings|keep-alive|proxy-.*)$/i;

/** Whether only the HTTP client may set that header. */
export function isFramingHeader(name: string): boolean {
  return FRAMING.test(name);
}

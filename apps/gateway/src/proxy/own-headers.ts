/**
 * Fields of every answer that is the gateway's own, and of none that is proxied: it is of the moment, and no browser may take it for
 * a page, run or embed a part of it, or tell other sites of it.
 */
export const OWN_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

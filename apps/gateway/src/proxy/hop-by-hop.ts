/** Header fields of one connection (RFC 9110 section 7.6.1), and older ones that are used in the same way. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
]);

/** Whether a header field, by its lower-case name, must not be forwarded. */
export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(name) || name.startsWith('proxy-');
}

const NONE: ReadonlySet<string> = new Set();

/** The header fields that a `Connection` field names, which must not be forwarded. */
export function namedInConnection(connection: string | string[] | undefined): ReadonlySet<string> {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return NONE;
  return new Set(`${connection}`.split(',').map((name) => name.trim().toLowerCase()));
}

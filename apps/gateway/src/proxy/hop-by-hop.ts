/** Fields that concern one connection only (RFC 9110 section 7.6.1), and the older ones that are sent like them. */
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

/** Whether a field, by its lower-case name, ends at this hop. */
export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(name) || name.startsWith('proxy-');
}

const NONE: ReadonlySet<string> = new Set();

/** The fields that a `Connection` field declares to end at this hop. */
export function namedInConnection(connection: string | string[] | undefined): ReadonlySet<string> {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return NONE;
  return new Set(`${connection}`.split(',').map((name) => name.trim().toLowerCase()));
}

/**
 * Fields of a response that state something of its whole origin, or open it to other origins. The upstream's origin is not the
 * gateway's, which all integrations share; and what is open to pages where a token is needed must not be so where it is injected.
 */
const OF_THE_ORIGIN = new Set([
  'alt-svc',
  'clear-site-data',
  'expect-ct',
  'nel',
  'origin-agent-cluster',
  'public-key-pins',
  'public-key-pins-report-only',
  'report-to',
  'reporting-endpoints',
  'service-worker-allowed',
  'set-cookie2',
  'strict-transport-security',
  'timing-allow-origin',
]);

/** Whether a field of a response, by its lower-case name, speaks of the upstream's origin. */
export function isOfTheOrigin(name: string): boolean {
  return OF_THE_ORIGIN.has(name) || name.startsWith('access-control-');
}

import { withoutCredentials } from './without-credentials.js';

const MOST_CHARACTERS = 1_000;
/** Parameters of a segment (RFC 3986 section 3.3), in which servers keep sessions: `;jsessionid=...`. */
const SEGMENT_PARAMETERS = /;[^/]*/g;
/** Bytes that a terminal may obey. */
const UNPRINTABLE = /[^\x21-\x7e]/g;

/** The path of a request's target without query, parameters and what looks like a credential; undefined for another form of target. */
export function loggedPath(target: string): string | undefined {
  if (!target.startsWith('/')) return undefined;
  const [path = ''] = target.split(/[?#]/, 1);
  return withoutCredentials(path.slice(0, MOST_CHARACTERS)).replace(SEGMENT_PARAMETERS, ';').replace(UNPRINTABLE, '?');
}

/** What an upstream said, as far as it concerns the token. */
export interface UpstreamStatus {
  /** Of the answer (RFC 9110 section 15); `renewOn` says which of them speak against the token. */
  readonly status: number;
  /** Every `WWW-Authenticate` of the answer, if there is one. */
  readonly wwwAuthenticate?: string | readonly string[] | null;
  /** Whether the request that was answered carried the token: a redirect to another origin leaves it behind. @defaultValue true */
  readonly carriedToken?: boolean;
}

/**
 * Errors of a challenge that are no proof against the token: its scope does not suffice or the request is malformed
 * (RFC 6750 section 3.1), the user must log in again (RFC 9470), the proof of possession lacks a nonce (RFC 9449).
 */
const ABOUT_ANOTHER_THING = new Set([
  'insufficient_scope',
  'invalid_request',
  'insufficient_user_authentication',
  'use_dpop_nonce',
]);

/** `accepted`: a success. `rejected`: it speaks against the token. `excused`: it would, but says that the fault is another. */
export type TokenAnswer = 'accepted' | 'rejected' | 'excused' | 'indifferent';

/** What an answer says of the token that was sent with the request. An `invalid_token` counts before what other challenges say. */
export function answerAbout(answer: UpstreamStatus, renewOn: readonly number[]): TokenAnswer {
  const { status, wwwAuthenticate, carriedToken = true } = answer;
  if (!carriedToken) return 'indifferent';
  if (!renewOn.includes(status)) return status >= 200 && status < 300 ? 'accepted' : 'indifferent';
  const errors = [wwwAuthenticate ?? []].flat().flatMap(errorsOf);
  if (errors.includes('invalid_token')) return 'rejected';
  return errors.some((error) => ABOUT_ANOTHER_THING.has(error)) ? 'excused' : 'rejected';
}

/** A parameter, or a quoted string that belongs to none: matched as a whole, so that nothing within is taken for a parameter. */
const PARAMETER =
  /(?<![\w!#$%&'*+.^`|~-])([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)\\?"?|([^\s,;"]*))|"(?:[^"\\]|\\.)*\\?"?/g;

/** The `error` of each challenge in a field (RFC 9110 section 11.6.1), quoted or not. */
function errorsOf(field: string): string[] {
  return [...field.matchAll(PARAMETER)].flatMap(([, name, quoted, plain = '']) =>
    name?.toLowerCase() === 'error' ? (quoted?.replace(/\\(.)/g, '$1') ?? plain).toLowerCase() : [],
  );
}

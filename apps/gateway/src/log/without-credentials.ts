/** What stands in place of a credential. */
const HIDDEN = '[hidden]';

const FIELD = '(?:proxy-)?authorization|(?:set-)?cookie2?|x-api-key';
const PARAMETER =
  '(?:access|refresh|id|subject|actor)_token|token|assertion|code|client_(?:secret|assertion)|api[_-]?key|password|passwd|secret';

const RULES: readonly (readonly [RegExp, string])[] = [
  // A JSON Web Token, a nested one and one without a signature included (RFC 7519).
  [/\beyJ[\w-]{5,}\.[\w-]*(?:\.[\w-]*){0,3}/g, HIDDEN],
  // A header field, up to the end of its line.
  [new RegExp(`\\b(${FIELD})(\\s*:\\s*)[^\\n"']*`, 'gi'), `$1$2${HIDDEN}`],
  // An authentication scheme and its value (RFC 9110 section 11.4).
  [/\b(Bearer|Basic|Digest|DPoP)(\s+)[\w.~+/=-]{8,}/gi, `$1$2${HIDDEN}`],
  // The user and password of a URL.
  [/([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@"']*@/gi, `$1${HIDDEN}@`],
  // A key of this gateway.
  [/\bmintonce_[\w-]{16,}/g, HIDDEN],
  // A parameter of a form or a query.
  [new RegExp(`\\b(${PARAMETER})=[^\\s&"']+`, 'gi'), `$1=${HIDDEN}`],
  // A member of a JSON document. Prose such as "token: is missing" has no quotes.
  [new RegExp(`"(${PARAMETER}|${FIELD})"\\s*:\\s*"[^"]*"?`, 'gi'), `"$1":"${HIDDEN}"`],
];

/** What a text has that a rule changes. Paths have nothing of it, and every request has one. */
const SUSPECT = /[\s:="]|eyJ|mintonce_/;

/**
 * A text of others without what looks like a credential. It is the second net: no text is logged that is known to hold one, but the
 * message of an error may quote anything.
 */
export function withoutCredentials(text: string): string {
  if (!SUSPECT.test(text)) return text;
  return RULES.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text);
}

import { type AnswerFields } from './answer-body.js';

/** A code; a sentence may quote a secret. */
const CODE = /^[\w.:/-]{1,64}$/;

/**
 * The error code of an answer: `error` (RFC 6749 section 5.2), or what providers write in its place. Only codes count, since
 * other texts may quote secrets.
 */
export function errorCodeOf(fields: AnswerFields = {}): string | undefined {
  const { error, errors, fault } = fields;
  const places = [error, ...codesIn(error), ...codesIn(firstOf(errors)), ...codesIn(fieldOf(fault, 'detail'))];
  const others = [fields['errorCode'], fields['error_code'], fields['ErrorCode'], fields['code'], fields['name']];
  return [...places, ...others].find((place): place is string => typeof place === 'string' && CODE.test(place));
}

/** Whether an answer says by itself that it is an error, whatever its status: an `error`, or Slack's `ok: false`. */
export function saysError({ error, ok }: AnswerFields): boolean {
  if (ok === false) return true;
  return typeof error === 'string' ? error !== '' : typeof error === 'object' && error !== null;
}

/** `{ "error": { "code": ... } }` and its like, the most telling first. */
function codesIn(holder: unknown): unknown[] {
  return ['code', 'error', 'errorCode', 'errorcode', 'status', 'type', 'reason'].map((name) => fieldOf(holder, name));
}

function fieldOf(holder: unknown, name: string): unknown {
  return typeof holder === 'object' && holder !== null ? (holder as AnswerFields)[name] : undefined;
}

function firstOf(list: unknown): unknown {
  return Array.isArray(list) ? (list as unknown[])[0] : undefined;
}

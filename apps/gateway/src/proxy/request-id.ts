import { randomUUID } from 'node:crypto';
import { type IncomingMessage } from 'node:http';

const ACCEPTED = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The id that the caller gave its request, if it is safe to log; else a new one. */
export function requestIdOf(given: string | string[] | undefined): string {
  return typeof given === 'string' && ACCEPTED.test(given) ? given : randomUUID();
}

const ids = new WeakMap<IncomingMessage, string>();

/** The id of a request, the same for its answer and for whatever is written down of it. */
export function idOfRequest(request: IncomingMessage): string {
  const known = ids.get(request) ?? requestIdOf(request.headers['x-request-id']);
  ids.set(request, known);
  return known;
}

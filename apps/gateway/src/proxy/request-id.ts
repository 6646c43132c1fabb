import { randomUUID } from 'node:crypto';

const ACCEPTED = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The id that the caller gave its request, if it is safe to log; else a new one. */
export function requestIdOf(given: string | string[] | undefined): string {
  return typeof given === 'string' && ACCEPTED.test(given) ? given : randomUUID();
}

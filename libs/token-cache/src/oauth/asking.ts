import { reaching } from './source-errors.js';

/** A function of the options: what it is called in messages, and what it must return. */
export interface Asked {
  readonly what: string;
  readonly remedy: string;
}

/**
 * What a function of the options returns.
 *
 * @throws TokenSourceUnavailableError when it fails, or does not return before the signal aborts
 */
export function asking<T>({ what, remedy }: Asked, signal: AbortSignal, ask: () => T | Promise<T>): Promise<T> {
  return reaching(what, signal, () => beforeAbort(signal, async () => ask()), remedy);
}

/** The answer of `ask`, or a rejection as soon as the signal aborts. */
function beforeAbort<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    ask()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}

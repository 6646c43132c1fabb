import { onAbort } from './abort-callbacks.js';
import { type Clock } from './clock.js';

/** Resolves after that time, or as soon as the signal aborts; which of the two, the signal says. */
export function pause(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      ignoreSignal();
      resolve();
    };
    const cancel = clock.after(ms, end);
    const ignoreSignal = onAbort(signal, end);
  });
}

import { setTimeout } from 'node:timers/promises';

/** A delay that does not keep the process from ending. */
export function unheld(delayMs: number): Promise<void> {
  return setTimeout(delayMs, undefined, { ref: false });
}

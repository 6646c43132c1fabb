import { setTimeout } from 'node:timers/promises';

/** A delay whose timer does not keep the process alive. */
export function unheld(delayMs: number): Promise<void> {
  return setTimeout(delayMs, undefined, { ref: false });
}

import { type Fault } from './fault.js';
import { type Random } from './random.js';

export interface Scheduled {
  readonly fault: Fault;
  /** From the recovery of the fault before. */
  readonly afterMs: number;
  /** What chance decides about it. */
  readonly random: Random;
}

/** Faults without an end in an order that the seed decides; each comes once before any comes again. */
export function* faultSchedule(
  faults: readonly Fault[],
  random: Random,
  [leastMs, mostMs]: readonly [number, number],
): Generator<Scheduled, never> {
  for (;;) {
    for (const fault of random.shuffled(faults)) {
      yield { fault, afterMs: random.between(leastMs, mostMs), random: random.fork() };
    }
  }
}

import { type Fault } from './fault.js';
import { type Chance } from '@mintonce/test-support/chance';

export interface Scheduled {
  readonly fault: Fault;
  /** From the recovery of the fault before. */
  readonly afterMs: number;
  /** What chance decides about it. */
  readonly chance: Chance;
}

/** Faults without an end in an order that the seed decides; each comes once before any comes again. */
export function* faultSchedule(
  faults: readonly Fault[],
  chance: Chance,
  [leastMs, mostMs]: readonly [number, number],
): Generator<Scheduled, never> {
  for (;;) {
    for (const fault of chance.sample(faults)) {
      yield { fault, afterMs: chance.whole(leastMs, mostMs), chance: chance.fork() };
    }
  }
}

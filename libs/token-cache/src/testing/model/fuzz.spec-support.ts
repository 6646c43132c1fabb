import fc from 'fast-check';
import { agreeOnTheEnd, type Circumstances, histories, type Real } from './store-commands.spec-support.js';
import { SlotModel } from './slot-model.spec-support.js';
import { type StoreSystem } from './store-system.spec-support.js';

/** `FUZZ_RUNS` sets the number of histories for a long run; `FUZZ_SEED` repeats a run. */
const { FUZZ_RUNS, FUZZ_SEED } = process.env;
const MS_PER_RUN = 500;

/** Time limit in ms of a test with that many histories, for a hung store only. */
export function fuzzTimeoutMs(usually: number): number {
  return 60_000 + runs(usually) * MS_PER_RUN;
}

/**
 * Runs random histories on the store and on the specification, and compares every answer.
 *
 * @returns the number of histories and commands that were run
 */
export async function fuzz(
  open: () => StoreSystem | Promise<StoreSystem>,
  usually: number,
  circumstances: Circumstances,
): Promise<{ histories: number; commands: number }> {
  let commands = 0;
  const property = fc.asyncProperty(histories(circumstances), async (history) => {
    const system = await open();
    try {
      const real: Real = { system, fences: new Map(), lastFence: 0, lastPublished: 0, commands: 0 };
      const model = new SlotModel();
      await fc.asyncModelRun(() => ({ model, real }), history);
      await agreeOnTheEnd(model, real);
      commands += real.commands;
    } finally {
      await system.dispose();
    }
  });
  await fc.assert(property, { numRuns: runs(usually), ...(FUZZ_SEED && { seed: Number(FUZZ_SEED) }) });
  return { histories: runs(usually), commands };
}

function runs(usually: number): number {
  return Number(FUZZ_RUNS ?? usually);
}

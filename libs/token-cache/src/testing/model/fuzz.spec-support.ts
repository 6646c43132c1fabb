import fc from 'fast-check';
import { agreeOnTheEnd, type Circumstances, histories, type Real } from './store-commands.spec-support.js';
import { SlotModel } from './slot-model.spec-support.js';
import { type StoreSystem } from './store-system.spec-support.js';

/** How many histories to try: `FUZZ_RUNS` of them for a long run, from `FUZZ_SEED` to see one again. */
const { FUZZ_RUNS, FUZZ_SEED } = process.env;
const MS_PER_RUN = 100;

/** The time that a test of so many histories may take on a busy machine. */
export function fuzzTimeoutMs(usually: number): number {
  return 60_000 + runs(usually) * MS_PER_RUN;
}

/** Runs random histories against the store and the specification side by side; gives how many commands were run. */
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

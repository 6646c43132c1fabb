import { recordEvidence } from '@mintonce/test-support';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Hunt } from './mutation-hunt.js';
import { MUTATIONS } from './mutations.js';
import { INVARIANTS, type Invariant } from './verdict.js';

/** The program itself, as `npm run simulate` starts it. */
const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const SEEDS = 150;
const MOST_MS = 300_000;

describe('The simulation finds the defect that', () => {
  let hunts: readonly Hunt[];

  beforeAll(async () => {
    const options = [MAIN, '--mutations', '--seeds', String(SEEDS), '--json'];
    const child = promisify(execFile)(process.execPath, options, { maxBuffer: 2 ** 26 });
    const { stdout } = await child.catch((error: Error & { stdout?: string }) => {
      // Hunts that found nothing are told as well, by an exit code; anything else has no output.
      if (error.stdout) return { stdout: error.stdout };
      throw error;
    });
    hunts = JSON.parse(stdout) as readonly Hunt[];
  }, MOST_MS);

  it.each(MUTATIONS.map(({ name }) => name))('%s', (name) => {
    const { isFound, seed, invariant, detail, diedOf } = hunts.find((hunt) => hunt.name === name) as Hunt;
    expect({ isFound, diedOf }).toEqual({ isFound: true });
    const promise = INVARIANTS[invariant as Invariant];
    recordEvidence({
      promises: promise > 0 ? [promise] : [],
      fault: `a defect put into the library: ${name}`,
      seen: `seed ${seed} finds it: ${invariant}: ${detail}`,
    });
  });
});

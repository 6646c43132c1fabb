import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Campaign } from './campaign.js';
import { makeMutant } from './mutant.js';
import { type Mutation, MUTATIONS } from './mutations.js';

/** What became of one mutation. */
export interface Hunt {
  readonly name: string;
  /** The first seed that found it, and which promise it broke there; nothing if none did. */
  readonly seed?: number;
  readonly invariant?: string;
  readonly detail?: string;
}

const AT_ONCE = 2;
const MOST_MS = 120_000;
const run = promisify(execFile);

/** Hunts every mutation, each in a process of its own: a mutant may well hang. */
export async function huntMutations(seeds: number): Promise<Hunt[]> {
  const hunts: Hunt[] = [];
  const left = MUTATIONS.map((mutation, index) => ({ mutation, index }));
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) hunts[next.index] = await hunt(next.mutation, seeds);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return hunts;
}

async function hunt(mutation: Mutation, seeds: number): Promise<Hunt> {
  const { name, faults = [] } = mutation;
  const mutant = makeMutant(mutation);
  const only = faults.flatMap((fault) => ['--fault', fault]);
  const options = ['--library', mutant.directory, '--seeds', String(seeds), ...only, '--stop', '--json'];
  try {
    const { broken } = await campaignOf(options);
    const [found] = broken;
    return found ? { name, seed: found.seed, ...found.breach } : { name };
  } finally {
    mutant.remove();
  }
}

/** A campaign in a process of its own. */
export async function campaignOf(options: readonly string[]): Promise<Campaign> {
  const main = fileURLToPath(new URL('./main.js', import.meta.url));
  const child = run(process.execPath, [main, ...options], { timeout: MOST_MS, maxBuffer: 2 ** 26 });
  // A campaign that found something exits with 1, and says what all the same.
  const { stdout } = await child.catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }));
  return JSON.parse(stdout) as Campaign;
}

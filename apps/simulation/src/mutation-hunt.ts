import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Campaign } from './campaign.js';
import { Controls } from './controls.js';
import { expectToFit, makeMutant } from './mutant.js';
import { type Mutation } from './mutations.js';
import { replayCommand } from './replay-command.js';
import { type Outcome } from './simulate.js';

/** What became of one defect. It is found when a promise breaks, and not when the library or the simulation falls over it. */
export interface Hunt {
  readonly name: string;
  readonly isFound: boolean;
  /** The first seed that it shows in. */
  readonly seed?: number;
  readonly invariant?: string;
  readonly detail?: string;
  /** What it died of instead of a broken promise. */
  readonly diedOf?: string;
  readonly replay?: string;
}

const AT_ONCE = 2;
const MOST_MS = 300_000;
const run = promisify(execFile);

/** Hunts each defect in a process of its own: a mutant may well hang. */
export async function huntMutations(mutations: readonly Mutation[], seeds: number): Promise<Hunt[]> {
  expectToFit(mutations);
  const hunts: Hunt[] = [];
  const left = mutations.map((mutation, index) => ({ mutation, index }));
  const controls = new Controls();
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift())
      hunts[next.index] = await hunt(next.mutation, seeds, controls);
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    await controls.close();
  }
  return hunts;
}

async function hunt(mutation: Mutation, seeds: number, controls: Controls): Promise<Hunt> {
  const { name, schedule, faults } = mutation;
  const mutant = makeMutant(mutation);
  const only = (faults ?? []).flatMap((one) => ['--fault', one]);
  try {
    if (schedule !== undefined) return { name, ...(await played(mutant.directory, schedule)) };
    for (let from = 1; from <= seeds;) {
      const range = ['--from', String(from), '--seeds', String(seeds - from + 1), ...only];
      const campaign = await campaignOf(['--library', mutant.directory, ...range, '--stop', '--json']);
      if (typeof campaign === 'string') return { name, isFound: false, diedOf: campaign };
      const [broken] = campaign.broken;
      if (!broken) break;
      const { seed, breach, crash } = broken;
      from = seed + 1;
      // A seed that breaks a promise of the library as it is shows nothing of the defect.
      if (await controls.isBroken({ seed, faults })) continue;
      const replay = replayCommand({ mutation: name, seed, fault: faults });
      return { name, isFound: crash === undefined, seed, ...breach, ...(crash && { diedOf: crash }), replay };
    }
    return { name, isFound: false };
  } finally {
    mutant.remove();
  }
}

/** What a schedule shows, which the library as it is survives by a test of its own. */
async function played(directory: string, schedule: string): Promise<Omit<Hunt, 'name'>> {
  const outcome = await resultOf<Outcome>(['--library', directory, '--schedule', schedule, '--json']);
  if (typeof outcome === 'string') return { isFound: false, diedOf: outcome };
  const { breach, crash } = outcome;
  const replay = replayCommand({ schedule });
  return { isFound: breach !== undefined && crash === undefined, ...breach, ...(crash && { diedOf: crash }), replay };
}

/** A campaign in a process of its own, or what that process died of. */
export function campaignOf(options: readonly string[]): Promise<Campaign | string> {
  return resultOf<Campaign>(options);
}

async function resultOf<T>(options: readonly string[]): Promise<T | string> {
  const main = fileURLToPath(new URL('./main.js', import.meta.url));
  const child = run(process.execPath, [main, ...options], { timeout: MOST_MS, maxBuffer: 2 ** 26 });
  try {
    return JSON.parse((await child).stdout) as T;
  } catch (error) {
    // A campaign that found something exits with 1, and says what all the same.
    const { stdout, stderr, killed } = error as { stdout?: string; stderr?: string; killed?: boolean };
    if (killed) return `it was still running after ${MOST_MS / 1_000} s`;
    return stdout ? (JSON.parse(stdout) as T) : lastErrorOf(stderr ?? String(error));
  }
}

function lastErrorOf(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? 'an unknown cause';
}

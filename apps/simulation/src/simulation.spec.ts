import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { recordEvidence } from '@mintonce/test-support';
import { type Campaign } from './campaign.js';
import { type ReplayedRun } from './report.js';
import { SCHEDULES } from './schedules.js';
import { type Outcome } from './simulate.js';
import { INVARIANTS } from './verdict.js';

/** The program itself, as `npm run simulate` starts it. */
const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
/** `npm run simulate` runs as many as one likes. */
const SEEDS = 100;
const PROMISES = [1, 2, 3, 4, 5, 6];
const MOST_MS = 600_000;
const run = promisify(execFile);

/** What the program says. */
async function simulation<Answer>(...options: readonly string[]): Promise<Answer> {
  const child = run(process.execPath, [MAIN, ...options, '--json'], {
    maxBuffer: 2 ** 26,
  });
  const { stdout } = await child.catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }));
  return JSON.parse(stdout) as Answer;
}

describe(`In ${SEEDS} simulated fleets`, () => {
  let explored: Campaign;

  beforeAll(async () => {
    explored = await simulation<Campaign>('--seeds', String(SEEDS));
  }, MOST_MS);

  it.each(Object.keys(INVARIANTS))('%s', (invariant) => {
    const broken = explored.broken.filter(({ breach }) => breach.invariant === invariant);
    expect(broken).toEqual([]);
  });

  it.each(PROMISES)('promise %i holds whatever fails', (promise) => {
    const names = Object.entries(INVARIANTS).flatMap(([name, number]) => (number === promise ? [name] : []));
    const { runs, processes, mints, bound, answers, simulatedHours, errors, broken, faults } = explored;
    expect(broken.filter(({ breach }) => names.includes(breach.invariant))).toEqual([]);
    recordEvidence({
      promises: [promise],
      fault: `${Object.keys(faults).length - 1} kinds, alone and mixed, in virtual time`,
      mints,
      bound,
      errors,
      seen: `${runs} runs of ${processes} processes, ${simulatedHours.toFixed(0)} simulated hours, ${answers} tokens given: ${names.join('; ')}`,
    });
  });

  it('saw every kind of fault, and calm weather', () => {
    expect(Object.keys(explored.faults)).toEqual(
      expect.arrayContaining(['none', 'a process is killed', 'the store restarts empty']),
    );
  });
});

describe('A schedule that is known to break locks', () => {
  let played: readonly (Outcome & { name: string; origin: string })[];

  beforeAll(async () => {
    played = await simulation('--schedules');
  }, MOST_MS);

  it.each(SCHEDULES.map(({ name }) => name))('%s', (name) => {
    const { breach, mints, bound, errors, origin } = played.find(
      (schedule) => schedule.name === name,
    ) as (typeof played)[number];
    expect(breach).toBeUndefined();
    const { promises } = SCHEDULES.find((schedule) => schedule.name === name) as (typeof SCHEDULES)[number];
    recordEvidence({ promises, fault: name, mints, bound, errors, seen: `in virtual time, after ${origin}` });
  });
});

describe('The simulation', () => {
  it(
    'repeats a seed to the letter',
    async () => {
      const [once, again] = await Promise.all([
        simulation<ReplayedRun>('--seed', '7'),
        simulation<ReplayedRun>('--seed', '7'),
      ]);
      expect(once.history.length).toBeGreaterThan(100);
      expect(again).toEqual(once);
    },
    MOST_MS,
  );

  it(
    'prints of a history what concerns one request, one process and one time',
    async () => {
      const only = ['--key', 'billing', '--process', 'p1', '--from', '1000', '--to', '20000'];
      const { history } = await simulation<ReplayedRun>('--seed', '7', ...only);
      expect(history.length).toBeGreaterThan(10);
      const isOutside = (line: string): boolean => parseFloat(line) < 1_000 || parseFloat(line) > 20_000;
      expect(history.filter((line) => isOutside(line) || / crm | p[2-9] /.test(line))).toEqual([]);
    },
    MOST_MS,
  );
});

import { recordEvidence } from '@mintonce/test-support';
import { boundOf } from './mint-bound.js';
import { type Tenant } from './tenants.js';
import { type Trial } from './trial.js';
import { type Verdict } from './verdict.js';

export interface Expectation {
  /** The promises that the fault must not break. */
  promises: readonly number[];
  fault: string;
  /** Exactly so many calls to the token endpoint, or no more than that. @defaultValue the bound of the second promise alone */
  mints?: number | { atMost: number };
  /** How many mints of one key may run at the same time. @defaultValue 1 */
  overlapping?: number;
  /** The codes that callers may hear. @defaultValue none: every caller is given a token */
  errors?: readonly string[];
  recoveryMs?: number;
  seen?: string;
}

/** A promise may be broken a thousand times over. */
const SHOWN = 10;

/** Ends the trial, holds the fleet to its promises, and writes the evidence down. */
export async function expectPromises(trial: Trial, expected: Expectation): Promise<Verdict> {
  const verdict = await trial.verdict();
  expectVerdict(verdict, expected);
  return verdict;
}

/** Ends the trials of all tenants, holds the fleet to its promises to each, and writes the evidence down as one row. */
export async function expectPromisesToAll(tenants: readonly Tenant[], expected: Expectation): Promise<void> {
  const trials = tenants.map(({ trial }) => trial);
  const verdicts: Verdict[] = [];
  for (const trial of trials) verdicts.push(await trial.verdict());
  const [first, ...others] = trials as [Trial, ...Trial[]];
  const verdict = { ...combined(verdicts), bound: boundOf(first, ...others).bound };
  expect(verdict.mints).toBeLessThanOrEqual(verdict.bound);
  expectVerdict(verdict, {
    ...expected,
    seen: [`${tenants.length} tenants`, expected.seen].filter(Boolean).join('; '),
  });
}

function expectVerdict(verdict: Verdict, expected: Expectation): void {
  const { promises, fault, recoveryMs, seen } = expected;
  expect(verdict.broken.slice(0, SHOWN)).toEqual([]);
  expect(verdict.answers).toBeGreaterThan(0);
  // Before the mints, since a mint that failed is asked for again.
  expect(Object.keys(verdict.errors).filter((code) => !expected.errors?.includes(code))).toEqual([]);
  if (typeof expected.mints === 'number') expect(verdict.mints).toBe(expected.mints);
  else if (expected.mints) expect(verdict.mints).toBeLessThanOrEqual(expected.mints.atMost);
  expect(verdict.overlapping).toBeLessThanOrEqual(expected.overlapping ?? 1);
  const { mints, bound, errors, answers } = verdict;
  recordEvidence({
    promises,
    fault,
    mints,
    bound,
    errors,
    ...(recoveryMs !== undefined && { recoveryMs: Math.round(recoveryMs) }),
    seen: [`${answers} answers`, seen].filter(Boolean).join('; '),
  });
}

function combined(verdicts: readonly Verdict[]): Omit<Verdict, 'bound'> {
  const errors: Record<string, number> = {};
  for (const verdict of verdicts)
    for (const [code, count] of Object.entries(verdict.errors)) errors[code] = (errors[code] ?? 0) + count;
  return {
    mints: verdicts.reduce((sum, { mints }) => sum + mints, 0),
    errors,
    answers: verdicts.reduce((sum, { answers }) => sum + answers, 0),
    overlapping: Math.max(...verdicts.map(({ overlapping }) => overlapping)),
    broken: verdicts.flatMap(({ broken }) => broken),
  };
}

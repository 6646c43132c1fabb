import { recordEvidence } from '@mintonce/test-support';
import { boundOf, total } from './mint-bound.js';
import { type Tenant } from './tenants.js';

export interface TenantsExpectation {
  /** The promises that the fault must not break. */
  promises: readonly number[];
  fault: string;
  /** Calls to the token endpoint, for all tenants together, at most. */
  atMost: number;
  /** The codes that callers may hear. @defaultValue none: every caller is given a token */
  errors?: readonly string[];
  recoveryMs?: number;
  seen?: string;
}

/** Ends the trials of all tenants, holds the fleet to its promises to each, and writes the evidence down as one row. */
export async function expectPromisesToAll(tenants: readonly Tenant[], expected: TenantsExpectation): Promise<void> {
  const { promises, fault, recoveryMs, seen } = expected;
  const verdicts = [];
  for (const { trial } of tenants) verdicts.push(await trial.verdict());
  expect(verdicts.flatMap(({ broken }) => broken)).toEqual([]);
  const errors: Record<string, number> = {};
  for (const verdict of verdicts)
    for (const [code, count] of Object.entries(verdict.errors)) errors[code] = (errors[code] ?? 0) + count;
  expect(Object.keys(errors).filter((code) => !expected.errors?.includes(code))).toEqual([]);
  const mints = verdicts.reduce((sum, verdict) => sum + verdict.mints, 0);
  const bound = boundOfAll(tenants);
  expect(mints).toBeLessThanOrEqual(bound);
  expect(mints).toBeLessThanOrEqual(expected.atMost);
  const answers = verdicts.reduce((sum, verdict) => sum + verdict.answers, 0);
  expect(answers).toBeGreaterThan(0);
  recordEvidence({
    promises,
    fault,
    mints,
    bound,
    errors,
    ...(recoveryMs !== undefined && { recoveryMs: Math.round(recoveryMs) }),
    seen: [`${tenants.length} tenants`, `${answers} answers`, seen].filter(Boolean).join('; '),
  });
}

/** A lifetime for each; what the workers observed since the first trial began is of all tenants, and counts once. */
function boundOfAll([first, ...others]: readonly Tenant[]): number {
  return first ? total(boundOf(first.trial)) + others.length : 0;
}

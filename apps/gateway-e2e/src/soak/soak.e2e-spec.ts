import { recordEvidence } from '@mintonce/test-support';
import { INTEGRATION_NAMES } from './policy.js';
import { report } from './report.js';
import { soak } from './soak.js';
import { judge } from './verdict.js';

const MINUTES = 1.8;
/** The faults of one worker come early in it, since the time does not suffice for all faults. */
const SEED = 183;

jest.setTimeout(5 * 60_000);

it('The gateway keeps its promises under load through one fault after another', async () => {
  const findings = await soak({
    store: 'redis',
    minutes: MINUTES,
    seed: SEED,
    workers: 4,
    pauseMs: [0, 500],
    say: () => undefined,
  });
  const verdict = judge(findings);
  if (!verdict.passed) throw new Error(report(findings, verdict));

  const bounds = INTEGRATION_NAMES.map((name) => findings.mints[name].bound);
  const requests = sum(Object.values(findings.requests));
  recordEvidence({
    promises: [1, 2, 3, 5, 6],
    fault: `${new Set(findings.faults.map(({ name }) => name)).size} faults of different kinds in a row`,
    mints: sum(bounds.map(({ calls }) => calls)),
    bound: sum(bounds.map(({ bound }) => bound)),
    errors: countsOf(findings.failures.map(({ cause }) => cause)),
    recoveryMs: Math.max(...findings.faults.map(({ recoveryMs = 0 }) => recoveryMs)),
    seen: `${requests} requests; every error had a fault that excuses it, and no counter went back`,
  });
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function countsOf(causes: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    [...new Set(causes)].map((cause) => [cause, causes.filter((other) => other === cause).length]),
  );
}

import { recordEvidence } from '@mintonce/test-support';
import { INTEGRATION_NAMES } from './policy.js';
import { report } from './report.js';
import { soak } from './soak.js';
import { judge } from './verdict.js';

/** Parts of the names of those faults that no other test lets the gateway under PM2 suffer; `npm run soak` does it all. */
const FAULTS = [
  'one worker is refused by the identity provider',
  'event loop of a worker stalls',
  'machine of a worker is suspended',
  'worker frozen past its lease',
  'identity provider never answers',
  'identity provider repeats its token',
  'identity provider refuses the credentials',
  'tokens purged through the API',
  'replies of Redis are lost',
  'connections to Redis are half-open',
  'the way to Redis is blocked',
  'Redis full',
  'Redis wants a password',
  'upstream resets connections',
];
/** More than fourteen faults take on any machine that is not stuck. */
const MOST_MINUTES = 8;

jest.setTimeout(10 * 60_000);

it('The gateway keeps its promises under load through one fault after another', async () => {
  const findings = await soak({
    store: 'redis',
    minutes: MOST_MINUTES,
    seed: 183,
    workers: 4,
    faults: FAULTS,
    strikes: FAULTS.length,
    pauseMs: [0, 500],
    say: () => undefined,
  });
  const verdict = judge(findings);
  if (!verdict.passed) throw new Error(report(findings, verdict));
  expect(findings.faults).toHaveLength(FAULTS.length);

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

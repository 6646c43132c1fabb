import { recordEvidence } from '@mintonce/test-support';
import { violations } from './history-check.spec-support.js';
import { type StoreProcess } from './store-process.spec-support.js';

/** Makes all processes contend for one key, and checks their common history. */
export async function contend(processes: readonly StoreProcess[], callsEach: number, store: string): Promise<void> {
  const histories = await Promise.all(processes.map((process) => process.contend('key', callsEach)));
  const history = histories.flat();
  expect(violations(history)).toEqual([]);
  const grants = history.filter(({ method, answer }) => method === 'acquire' && outcomeOf(answer) === 'lease').length;
  const outcomes = history.flatMap(({ method, answer }) => (method === 'commit' ? [answer.outcome] : []));
  const count = (outcome: string) => outcomes.filter((one) => one === outcome).length;
  const verdicts = history.flatMap(({ method, answer }) => (method === 'invalidate' ? [answer] : []));
  const countVerdicts = (verdict: string) => verdicts.filter((one) => one === verdict).length;
  const offers = history.flatMap(({ method, answer }) => (method === 'offer' ? [answer.outcome] : []));
  const countOffers = (outcome: string) => offers.filter((one) => one === outcome).length;
  expect(Math.min(countOffers('stored'), countOffers('superseded'))).toBeGreaterThan(0);
  // A history without late commits and without each of the verdicts shows nothing.
  expect(Math.min(grants, count('stored'), count('superseded'), count('duplicate'))).toBeGreaterThan(0);
  expect(Math.min(...['replaced', 'contested', 'held', 'stale'].map(countVerdicts))).toBeGreaterThan(0);
  recordEvidence({
    promises: [1],
    fault: 'processes that commit late, twice or never, and reject tokens and purge meanwhile',
    seen: `${processes.length} processes on ${store}, ${history.length} calls of one key at once: ${grants} leases, ${count('stored')} published, ${count('superseded')} superseded, ${count('duplicate')} sent again; ${countOffers('stored')} of ${offers.length} offers shared; ${countVerdicts('replaced')} replaced, ${countVerdicts('contested')} contested, ${countVerdicts('held')} held; no fence twice, no two live leases, no publication stale or back, no rejected token given out, no rejection granted before its pace`,
  });
}

function outcomeOf(answer: unknown): unknown {
  return (answer as { outcome?: unknown } | undefined)?.outcome;
}

import { recordEvidence } from '@mintonce/test-support';
import { keyIdIn } from '../../core/contract/key-group.js';
import { violations } from './history-check.spec-support.js';
import { type RecordedCall, type StoreProcess } from './store-process.spec-support.js';

/** What happens by chance, and without which a history shows nothing. */
const TELLING: [method: RecordedCall['method'], answer: string][] = [
  ['acquire', 'lease'],
  ['commit', 'stored'],
  ['commit', 'superseded'],
  ['commit', 'duplicate'],
  ['offer', 'stored'],
  ['offer', 'superseded'],
  ['invalidate', 'replaced'],
  ['invalidate', 'contested'],
  ['invalidate', 'held'],
  ['invalidate', 'stale'],
];
const MOST_ROUNDS = 20;

/** Makes all processes contend for one key until all that tells something has happened, and checks their common history. */
export async function contend(processes: readonly StoreProcess[], callsEach: number, store: string): Promise<void> {
  const history: RecordedCall[] = [];
  const count = (method: RecordedCall['method'], answer: string) =>
    history.filter((call) => call.method === method && outcomeOf(call) === answer).length;
  const missing = () => TELLING.filter(([method, answer]) => count(method, answer) === 0);
  for (let round = 0; round < MOST_ROUNDS && missing().length > 0; round++) {
    history.push(
      ...(
        await Promise.all(processes.map((process) => process.contend(keyIdIn('contended-gr', 'key'), callsEach)))
      ).flat(),
    );
  }
  expect(violations(history)).toEqual([]);
  expect(missing()).toEqual([]);
  recordEvidence({
    promises: [1],
    fault: 'processes that commit late, twice or never, and reject tokens and purge meanwhile',
    seen: `${processes.length} processes on ${store}, ${history.length} calls of one key at once: ${count('acquire', 'lease')} leases, ${count('commit', 'stored')} published, ${count('commit', 'superseded')} superseded, ${count('commit', 'duplicate')} sent again; ${count('offer', 'stored')} offers shared; ${count('invalidate', 'replaced')} replaced, ${count('invalidate', 'contested')} contested, ${count('invalidate', 'held')} held; no fence twice, no two live leases, no publication stale or back, no rejected token given out, no rejection granted before its pace`,
  });
}

function outcomeOf({ answer }: RecordedCall): unknown {
  return typeof answer === 'object' && 'outcome' in answer ? answer.outcome : answer;
}

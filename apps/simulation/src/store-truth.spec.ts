import * as library from '@mintonce/token-cache';
import { History } from './history.js';
import { type StoreOperation } from './store-call.js';
import { StoreServer } from './store-server.js';
import { Verdict } from './verdict.js';
import { VirtualTime } from './virtual-time.js';

const LEASE_MS = 3_000;
const GRANTED_AT = 100;
const KEY = 'key';

describe('A lease that outlives a failover and is granted again', () => {
  let time: VirtualTime;
  let verdict: Verdict;
  let server: StoreServer;

  async function callAt<Answer>(at: number, process: string, operation: StoreOperation, ...args: unknown[]) {
    time.now = at;
    const call = { operation, args: [KEY, ...args], process, sentAt: at, isSentTwice: false };
    return (await server.execute(call)) as Answer;
  }

  const acquire = (at: number, process: string): Promise<library.Acquired> =>
    callAt(at, process, 'acquire', { nonce: process, leaseMs: LEASE_MS, minTtlMs: 0, process });

  const failOver = (at: number, lostMs: number): void => {
    time.now = at;
    server.failOver(lostMs);
  };

  /** p1 is granted the lease, renews it, and is granted it again by a store that lost the renewal. */
  async function grantAgain(): Promise<library.Lease> {
    const { lease } = (await acquire(GRANTED_AT, 'p1')) as { lease: library.Lease };
    await callAt(1_000.5, 'p1', 'renew', lease);
    failOver(2_000, 1_500);
    await acquire(2_500.5, 'p1');
    return lease;
  }

  beforeEach(() => {
    time = new VirtualTime();
    verdict = new Verdict();
    server = new StoreServer(time, library, new History(time, false), verdict, 500);
  });

  it('ends when it would have without that', async () => {
    await acquire(GRANTED_AT, 'p1');
    failOver(2_000, 0);
    await acquire(2_500, 'p1');
    expect(await acquire(GRANTED_AT + LEASE_MS, 'p2')).toMatchObject({ outcome: 'lease' });
    expect(verdict.breach).toBeUndefined();
  });

  it('ends as if it had not been renewed, if the renewal is lost', async () => {
    await grantAgain();
    expect(await acquire(GRANTED_AT + LEASE_MS, 'p2')).toMatchObject({ outcome: 'lease' });
    expect(verdict.breach).toBeUndefined();
  });

  it('is live until then: no other may be granted', async () => {
    const { fence } = await grantAgain();
    const attempt = { nonce: 'p2', leaseMs: LEASE_MS, minTtlMs: 0 };
    const lease = { nonce: 'p2', fence: fence + 1, leaseMs: LEASE_MS };
    const answer = {
      outcome: 'lease',
      lease,
      leaseEndsInMs: LEASE_MS,
      reason: 'miss',
      failures: 0,
      voidedUpTo: 0,
    } as const;
    time.now = GRANTED_AT + LEASE_MS - 2;
    const serverNow = time.wallClockOf(server.host);
    server.truthOf(KEY).acquired(answer, attempt, { now: time.now, serverNow, process: 'p2' });
    expect(verdict.breach).toMatchObject({ invariant: 'there is one live lease at a time' });
  });
});

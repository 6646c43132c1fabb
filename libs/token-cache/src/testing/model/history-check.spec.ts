import { violations } from './history-check.spec-support.js';
import { type Rejection, type RejectionVerdict } from '../../core/contract/token-store.js';
import { type RecordedCall } from './store-process.spec-support.js';

const lease = (fence: number, leaseMs = 1_000) => ({ nonce: `nonce ${fence}`, fence, leaseMs });
const at = (calledAt: number, answeredAt = calledAt + 1) => ({ process: 1, calledAt, answeredAt });
const token = (fence: number, payload = `token ${fence}`) => ({ fence, payload, ttlMs: 1 });

function grant(fence: number, calledAt: number, leaseMs?: number): RecordedCall {
  const granted = lease(fence, leaseMs);
  const { leaseMs: leaseEndsInMs } = granted;
  const beside = { leaseEndsInMs, reason: 'miss', failures: 0, voidedUpTo: 0 } as const;
  const answer = { outcome: 'lease', lease: granted, ...beside } as const;
  return { ...at(calledAt), method: 'acquire', args: [{ ...granted, minTtlMs: 0 }], answer };
}

function commit(fence: number, calledAt: number): RecordedCall {
  return { ...at(calledAt), method: 'commit', args: [lease(fence), 'payload', 1], answer: { outcome: 'stored' } };
}

function renew(fence: number, calledAt: number, leaseMs: number, isRenewed = true): RecordedCall {
  return { ...at(calledAt), method: 'renew', args: [lease(fence, leaseMs)], answer: isRenewed };
}

function peek(calledAt: number, seen: ReturnType<typeof token>): RecordedCall {
  return { ...at(calledAt), method: 'peek', args: [], answer: { token: seen, isRejected: false, voidedUpTo: 0 } };
}

function invalidate(
  generation: number,
  calledAt: number,
  answer: RejectionVerdict = 'replaced',
  policy: Partial<Rejection> = {},
): RecordedCall {
  const rejection = { generation, paceMs: 5, maxPaceMs: 20, isContested: answer === 'contested', ...policy };
  return { ...at(calledAt), method: 'invalidate', args: [rejection], answer };
}

function hit(fence: number, calledAt: number, refusedGeneration?: number): RecordedCall {
  const attempt = { nonce: 'reader', leaseMs: 1, minTtlMs: 0, refusedGeneration };
  return {
    ...at(calledAt),
    method: 'acquire',
    args: [attempt],
    answer: { outcome: 'hit', token: token(fence), voidedUpTo: 0 },
  };
}

const purge = (calledAt: number, fence = 1): RecordedCall => ({
  ...at(calledAt),
  method: 'purge',
  args: [],
  answer: fence,
});

function offer(fence: number, calledAt: number, outcome: 'stored' | 'voided' = 'stored'): RecordedCall {
  return { ...at(calledAt), method: 'offer', args: [fence, `token ${fence}`, 1], answer: { outcome } };
}

/** A grant that also tells what is void. */
function told(fence: number, calledAt: number, voidedUpTo: number): RecordedCall {
  const { answer, ...call } = grant(fence, calledAt) as Extract<RecordedCall, { method: 'acquire' }>;
  return { ...call, answer: { ...answer, voidedUpTo } as typeof answer };
}

describe('violations() of a history', () => {
  it('finds none in mints one after the other', () => {
    const first = [grant(1, 0), commit(1, 10), peek(20, token(1)), invalidate(1, 30)];
    expect(violations([...first, grant(2, 40), purge(50, 2), told(3, 60, 2), commit(3, 70)])).toEqual([]);
  });

  it('finds none in rejections that keep their pace, or whose pace was purged', () => {
    const paced = [invalidate(1, 10, 'contested'), invalidate(2, 16, 'held'), invalidate(2, 40, 'contested')];
    expect(violations(paced)).toEqual([]);
    const lives = [grant(1, 0), commit(1, 5), invalidate(1, 10), purge(12), told(2, 14, 1), commit(2, 16)];
    expect(violations([...lives, invalidate(2, 17)])).toEqual([]);
  });

  it('finds none in a lease that was renewed for less time and ended then', () => {
    expect(violations([grant(1, 0), renew(1, 10, 20), grant(2, 40)])).toEqual([]);
    const renewedMeanwhile = { ...renew(1, 10, 20), answeredAt: 50 };
    expect(violations([grant(1, 0), renewedMeanwhile, grant(2, 40)])).toEqual([]);
  });

  it('finds none in a token that is offered, offered again, and replaced by the lease that was live', () => {
    const history = [grant(1, 0, 1), grant(2, 10), offer(1, 20), offer(1, 30), invalidate(1, 40), commit(2, 50)];
    expect(violations([...history, offer(1, 60, 'voided')])).toEqual([]);
  });

  it('finds none if overlapping calls took effect in any order', () => {
    const [late, early] = [peek(20, token(2)), peek(20, token(1))];
    expect(violations([grant(1, 0), commit(1, 5), grant(2, 10), commit(2, 12), late, early])).toEqual([]);
  });

  it.each<[string, RecordedCall[]]>([
    [
      'fence 1 was granted twice',
      [
        grant(1, 0, 5),
        {
          ...grant(1, 10),
          answer: { ...(grant(1, 0).answer as object), lease: { ...lease(1), nonce: 'other' } },
        } as RecordedCall,
      ],
    ],
    ['fence 1 came after 2', [grant(2, 0, 5), grant(1, 10)]],
    ['leases 1 and 2 were live together', [grant(1, 0), grant(2, 10)]],
    ['leases 1 and 2 were live together', [grant(1, 0), renew(1, 10, 20), grant(2, 20)]],
    ['leases 1 and 2 were live together', [grant(1, 0, 5), renew(1, 2, 20), grant(2, 10)]],
    ['leases 1 and 2 were live together', [grant(1, 0), renew(1, 10, 5, false), grant(2, 20)]],
    ['fence 1 was published twice', [grant(1, 0), commit(1, 10), commit(1, 20)]],
    ['fence 1 was published after 2', [grant(1, 0, 1), grant(2, 10), commit(2, 20), commit(1, 30)]],
    ['fence 1 was published although 2 had been granted', [grant(1, 0, 1), grant(2, 10), commit(1, 20)]],
    ['fence 1 was published although it had been purged', [grant(1, 0), purge(10), commit(1, 20)]],
    ['fence 1 was shared although it was void', [grant(1, 0), purge(10), offer(1, 20)]],
    ['fence 1 was offered with success after 2 was published', [commit(2, 0), offer(1, 10)]],
    ['fence 2 was called void, and nothing was purged or marked', [purge(0), offer(2, 10, 'voided')]],
    ['0 was told to be void, and 1 had been purged', [purge(0), grant(2, 10)]],
    ['token 1 was seen after 2', [peek(0, token(2)), peek(10, token(1))]],
    ['fence 1 has "token 2"', [peek(0, token(1, 'token 2'))]],
    [
      'fence 2 was superseded by 1',
      [{ ...commit(2, 0), answer: { outcome: 'superseded', token: token(1) } } as RecordedCall],
    ],
    ['generation 1 was replaced twice', [grant(1, 0), commit(1, 5), invalidate(1, 10), invalidate(1, 20)]],
    ['1 was never published', [grant(1, 0), invalidate(1, 10)]],
    ['the rejection of 2 was granted too soon after 1', [invalidate(1, 10), invalidate(2, 12)]],
    [
      'the rejection of 2 was granted too soon after 1',
      [invalidate(1, 10, 'contested'), invalidate(2, 25, 'contested')],
    ],
    ['token 1 was given out although it was rejected', [grant(1, 0), commit(1, 5), invalidate(1, 10), hit(1, 20)]],
    ['token 1 was given to a caller that refused it', [grant(1, 0), commit(1, 5), hit(1, 20, 1)]],
  ])('finds: %s', (violation, history) => {
    expect(violations(history)).toContain(violation);
  });
});

import { billingKey } from '../../testing/billing-key.spec-support.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { NEVER, rejectionOf } from '../../testing/fleet.spec-support.js';
import { GuardedStore } from './guarded-store.js';
import { StoreClient } from './store-client.js';
import { MemoryTokenStore } from '../slot/memory-token-store.js';
import { TokenObserver } from '../contract/token-observer.js';
import { TokenObservers } from '../contract/token-observers.js';
import { type TokenKey } from '../config/token-key.js';
import { keyIdIn } from '../contract/key-group.js';
import { type Lease } from '../contract/token-store.js';

describe('StoreClient', () => {
  let clock: FakeClock;
  let inner: MemoryTokenStore;
  let called: string[];
  let store: StoreClient;
  let key: TokenKey;

  beforeEach(() => {
    clock = new FakeClock();
    inner = new MemoryTokenStore({ clock });
    called = [];
    const observers = new TokenObservers();
    observers.add(
      new (class extends TokenObserver {
        override storeCalled(operation: string): void {
          called.push(operation);
        }
      })(),
    );
    store = new StoreClient(new GuardedStore(inner, clock, observers, NEVER), clock, () => {});
    key = billingKey({ leaseMs: 2_000 });
  });

  async function lease(): Promise<Lease> {
    const acquired = await store.acquire(key, { minTtlMs: 0.5 });
    if (acquired.outcome !== 'lease') throw new Error(acquired.outcome);
    return acquired.lease;
  }

  it('asks with the lease of the policy, for a whole number of ms', async () => {
    const acquire = jest.spyOn(inner, 'acquire');
    await lease();
    expect(acquire).toHaveBeenCalledWith(keyIdIn(key.group, key.id), {
      nonce: store.process,
      process: store.process,
      leaseMs: 2_000,
      minTtlMs: 1,
      refusedGeneration: undefined,
    });
  });

  it('calls each operation by its name', async () => {
    const granted = await lease();
    await store.renew(key, granted);
    await store.commit(key, granted, 'payload', 1_000);
    await store.peek(key);
    await store.invalidate(key, rejectionOf(granted.fence));
    await store.offer(key, { outcome: 'wait', leaseEndsInMs: 1, voidedUpTo: 0, answeredAtUs: 0 }, 1, 'payload', 1_000);
    await store.fail(key, granted);
    await store.purge(key);
    await store.purgeGroup(key);
    expect(called).toEqual([
      'acquire',
      'renew',
      'commit',
      'peek',
      'invalidate',
      'offer',
      'fail',
      'purge',
      'purgeGroup',
    ]);
  });

  it('says with a commit for how many whole ms the lease was known', async () => {
    const commit = jest.spyOn(inner, 'commit');
    await clock.advance(100);
    const granted = await lease();
    await clock.advance(1_500.7);
    await store.commit(key, granted, 'payload', 1_000);
    expect(commit).toHaveBeenCalledWith(
      keyIdIn(key.group, key.id),
      { ...granted, sinceGrantMs: 1_500 },
      'payload',
      1_000,
    );
  });

  it('says nothing of that for a lease that it did not see granted', async () => {
    const commit = jest.spyOn(inner, 'commit');
    const foreign = { nonce: 'other', fence: 7, leaseMs: 2_000 };
    await store.commit(key, foreign, 'payload', 1_000);
    expect(commit).toHaveBeenCalledWith(keyIdIn(key.group, key.id), foreign, 'payload', 1_000);
  });

  it('asks for any valid token unless it is told more', async () => {
    const acquire = jest.spyOn(inner, 'acquire');
    await store.acquire(key);
    expect(acquire).toHaveBeenCalledWith(
      keyIdIn(key.group, key.id),
      expect.objectContaining({ minTtlMs: 0, refusedGeneration: undefined }),
    );
  });

  it('asks under one nonce for all that the process does, and so gets back a lease that was granted unheard', async () => {
    const acquire = jest.spyOn(inner, 'acquire').mockImplementationOnce(async (keyId, attempt) => {
      await MemoryTokenStore.prototype.acquire.call(inner, keyId, attempt);
      throw new Error('connection lost');
    });
    await expect(store.acquire(key)).rejects.toMatchObject({ code: 'TOKEN_STORE_UNAVAILABLE' });
    expect((await store.acquire(key)).outcome).toBe('lease');
    expect(new Set(acquire.mock.calls.map(([, { nonce }]) => nonce))).toEqual(new Set([store.process]));
  });

  it('renews a lease that it was granted before, so that it lasts as long as a new one', async () => {
    await lease();
    await clock.advance(1_500);
    await lease();
    expect(called).toEqual(['acquire', 'acquire', 'renew']);
    await clock.advance(1_500);
    expect(await inner.acquire(key.id, { nonce: 'other', leaseMs: 1, minTtlMs: 0 })).toMatchObject({
      outcome: 'wait',
      leaseEndsInMs: 500,
    });
  });

  it('asks again when a lease that it was granted before is lost by the time it is renewed', async () => {
    const { fence } = await lease();
    await clock.advance(1);
    jest.spyOn(inner, 'renew').mockImplementationOnce(async (keyId) => {
      await inner.purge(keyId);
      return false;
    });
    expect((await lease()).fence).toBeGreaterThan(fence);
    expect(called).toEqual(['acquire', 'acquire', 'renew', 'acquire']);
  });

  it('knows what is left of a lease, which a renewal prolongs', async () => {
    const granted = await lease();
    await clock.advance(1_500);
    expect(store.leaseLeftMs(granted)).toBe(500);
    await store.renew(key, granted);
    expect(store.leaseLeftMs(granted)).toBe(2_000);
    await inner.purge(keyIdIn(key.group, key.id));
    await clock.advance(1_500);
    await store.renew(key, granted);
    expect(store.leaseLeftMs(granted)).toBe(500);
  });

  it('waits for the lease of another process', async () => {
    await lease();
    const other = new StoreClient(new GuardedStore(inner, clock, new TokenObservers(), NEVER), clock, () => {});
    expect((await other.acquire(key)).outcome).toBe('wait');
  });

  it('offers a token with the time that passed since the store turned it away', async () => {
    await clock.advance(100);
    await inner.acquire(key.id, { nonce: 'other', leaseMs: 60_000, minTtlMs: 0 });
    const refused = await store.acquire(key);
    if (refused.outcome !== 'wait') throw new Error(refused.outcome);
    const offer = jest.spyOn(inner, 'offer');
    await clock.advance(1_500.7);
    await store.offer(key, refused, 7, 'payload', 10_000);
    const { answeredAtUs } = refused;
    expect(offer).toHaveBeenCalledWith(keyIdIn(key.group, key.id), 7, 'payload', 10_000, {
      answeredAtUs,
      sinceMs: 1_500,
    });
  });

  it('keeps apart the leases that it gives back at the same time', async () => {
    const other = { ...key, id: 'other' };
    const granted = await lease();
    const acquired = await store.acquire(other);
    if (acquired.outcome !== 'lease') throw new Error(acquired.outcome);
    const answers: (() => void)[] = [];
    jest.spyOn(inner, 'fail').mockImplementation(() => new Promise((resolve) => answers.push(() => resolve(true))));
    void store.fail(other, acquired.lease);
    void store.fail(key, granted);
    await clock.advance(0);
    answers[1]!();
    await clock.advance(0);
    // The lease that it gives back is its own still, as far as the store has heard.
    let isGranted = false;
    const again = store.acquire(other).then(() => (isGranted = true));
    await clock.advance(0);
    expect(isGranted).toBe(false);
    answers[0]!();
    await again;
  });

  it('tells what is void, and which token is rejected, with each answer but a hit', async () => {
    const told: unknown[][] = [];
    const listening = new StoreClient(new GuardedStore(inner, clock, new TokenObservers(), NEVER), clock, (...voided) =>
      told.push(voided),
    );
    const rejected = { fence: 9, payload: 'payload', ttlMs: 1_000 };
    const acquire = jest.spyOn(inner, 'acquire');
    const token = { fence: 12, payload: 'payload', ttlMs: 1_000 };
    acquire.mockResolvedValueOnce({ outcome: 'wait', leaseEndsInMs: 1, voidedUpTo: 5, rejected, answeredAtUs: 0 });
    acquire.mockResolvedValueOnce({ outcome: 'hit', token, voidedUpTo: 5 });
    await listening.acquire(key);
    await listening.acquire(key);
    expect(told).toEqual([
      [key.id, 5, rejected],
      [key.id, 5, undefined],
    ]);
  });

  describe('counts a mint without a lease as begun', () => {
    it('after the token that is rejected, which lies above all that is void', async () => {
      const rejected = { fence: 9, payload: 'payload', ttlMs: 1_000 };
      const refused = { outcome: 'wait', leaseEndsInMs: 1, voidedUpTo: 5, rejected, answeredAtUs: 0 } as const;
      jest.spyOn(inner, 'acquire').mockResolvedValueOnce(refused);
      await store.acquire(key);
      expect(store.fenceWithoutLease(key)).toBe(10);
    });

    it.each([
      ['the key', { type: 'purged', keyId: 'a' }],
      ['all keys of its integration', { type: 'purged-group', group: 'of a' }],
    ] as const)('after what it saw, when it hears of a purge of %s without a fence', (_whose, event) => {
      store.hear(event);
      expect(store.fenceWithoutLease({ ...key, id: 'a', group: 'of a' })).toBe(1);
    });

    it.each(['stored', 'failed'] as const)('and not after what it hears was %s', async (type) => {
      store.hear({ type, keyId: key.id, fence: 7 });
      expect(store.fenceWithoutLease(key)).toBe(1);
    });

    it('after all that its process saw of the key', async () => {
      expect(store.fenceWithoutLease(key)).toBe(1);
      const { fence } = await lease();
      expect(store.fenceWithoutLease(key)).toBe(fence + 1);
      const purged = await store.purge(key);
      expect(store.fenceWithoutLease(key)).toBe(purged + 1);
    });

    it.each([
      ['was told to carry out', () => store.purgeGroup(key)],
      [
        'heard of',
        async () => {
          const fence = await inner.purgeGroup(key.group);
          store.hear({ type: 'purged-group', group: key.group, fence });
          return fence;
        },
      ],
    ])('after a purge of all keys of its integration that it %s, though it never saw the key', async (_how, purge) => {
      const purged = await purge();
      expect(store.fenceWithoutLease({ ...key, id: 'never seen' })).toBe(purged + 1);
      expect(store.fenceWithoutLease({ ...key, id: 'of another', group: 'another' })).toBe(1);
    });

    it('after the token of a hit', async () => {
      const granted = await lease();
      await store.commit(key, granted, 'payload', 60_000);
      const other = new StoreClient(new GuardedStore(inner, clock, new TokenObservers(), NEVER), clock, () => {});
      expect((await other.acquire(key)).outcome).toBe('hit');
      expect(other.fenceWithoutLease(key)).toBe(granted.fence + 1);
    });

    it('after the rejected token that comes with the order to wait', async () => {
      const granted = await lease();
      await store.commit(key, granted, 'payload', 60_000);
      await store.invalidate(key, rejectionOf(granted.fence));
      await lease();
      const other = new StoreClient(new GuardedStore(inner, clock, new TokenObservers(), NEVER), clock, () => {});
      expect((await other.acquire(key)).outcome).toBe('wait');
      expect(other.fenceWithoutLease(key)).toBe(granted.fence + 1);
    });

    it('after a token of which it heard that it was rejected', () => {
      store.hear({ type: 'invalidated', keyId: key.id, fence: 9 });
      expect(store.fenceWithoutLease(key)).toBe(10);
    });

    it('after what is void by the answer to a peek', async () => {
      const purged = await inner.purge(key.id);
      await store.peek(key);
      expect(store.fenceWithoutLease(key)).toBeGreaterThan(purged);
    });

    it('after the one before', () => {
      expect([1, 2, 3].map(() => store.fenceWithoutLease(key))).toEqual([1, 2, 3]);
    });

    it('after nothing when only other keys were seen', async () => {
      await lease();
      expect(store.fenceWithoutLease({ ...key, id: 'another' })).toBe(1);
    });
  });
});

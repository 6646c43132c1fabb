import { billingKey } from '../../testing/billing-key.spec-support.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { rejectionOf } from '../../testing/fleet.spec-support.js';
import { GuardedStore } from './guarded-store.js';
import { StoreClient } from './store-client.js';
import { MemoryTokenStore } from '../slot/memory-token-store.js';
import { TokenObserver } from '../contract/token-observer.js';
import { TokenObservers } from '../contract/token-observers.js';
import { type TokenKey } from '../config/token-key.js';
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
    store = new StoreClient(new GuardedStore(inner, clock, observers), clock);
    key = billingKey({ leaseMs: 2_000 });
  });

  async function lease(): Promise<Lease> {
    const acquired = await store.attempt(key).acquire({ minTtlMs: 0.5 });
    if (acquired.outcome !== 'lease') throw new Error(acquired.outcome);
    return acquired.lease;
  }

  it('asks with the lease of the policy, for a whole number of ms', async () => {
    const acquire = jest.spyOn(inner, 'acquire');
    await lease();
    expect(acquire).toHaveBeenCalledWith(key.id, {
      nonce: expect.any(String),
      leaseMs: 2_000,
      minTtlMs: 1,
      refusedGeneration: undefined,
      process: store.process,
    });
  });

  it('asks under a name that no other client has, unless it is given one', async () => {
    const guarded = new GuardedStore(inner, clock, new TokenObservers());
    const others = [new StoreClient(guarded, clock), new StoreClient(guarded, clock, 'shop-1')];
    const acquire = jest.spyOn(inner, 'acquire');
    for (const client of [store, ...others]) await client.attempt(key).acquire();
    const asked = acquire.mock.calls.map(([, attempt]) => attempt.process);
    expect(asked).toEqual([store.process, others[0]!.process, 'shop-1']);
    expect(new Set(asked).size).toBe(3);
  });

  it('tells whether the lease that failed was still ours', async () => {
    const granted = await lease();
    expect(await store.fail(key, granted)).toBe(true);
    expect(await store.fail(key, granted)).toBe(false);
  });

  it('offers a token with what is known of the last answer', async () => {
    const offer = jest.spyOn(inner, 'offer');
    const since = { answeredAtUs: 1, sinceMs: 2 };
    expect(await store.offer(key, 7, 'payload', 1_000)).toEqual({ outcome: 'stored' });
    await store.offer(key, 8, 'newer', 1_000, since);
    expect(offer.mock.calls).toEqual([
      [key.id, 7, 'payload', 1_000, undefined],
      [key.id, 8, 'newer', 1_000, since],
    ]);
  });

  it('lets the store purge within the time limit of its calls only', async () => {
    const purge = jest.spyOn(inner, 'purge');
    await store.purge(key);
    expect(purge).toHaveBeenCalledWith(key.id, key.integration.policy.storeTimeoutMs);
  });

  it('calls each operation by its name', async () => {
    const granted = await lease();
    await store.renew(key, granted);
    await store.commit(key, granted, 'payload', 1_000);
    await store.peek(key);
    await store.invalidate(key, rejectionOf(granted.fence));
    await store.fail(key, granted);
    await store.offer(key, granted.fence, 'payload', 1_000);
    await store.purge(key);
    expect(called).toEqual(['acquire', 'renew', 'commit', 'peek', 'invalidate', 'fail', 'offer', 'purge']);
  });

  it('says with a commit for how many whole ms the lease was known', async () => {
    const commit = jest.spyOn(inner, 'commit');
    const granted = await lease();
    await clock.advance(1_500.7);
    await store.commit(key, granted, 'payload', 1_000);
    expect(commit).toHaveBeenCalledWith(key.id, { ...granted, sinceGrantMs: 1_500 }, 'payload', 1_000);
  });

  it('says nothing of that for a lease that it did not see granted', async () => {
    const commit = jest.spyOn(inner, 'commit');
    const foreign = { nonce: 'other', fence: 7, leaseMs: 2_000 };
    await store.commit(key, foreign, 'payload', 1_000);
    expect(commit).toHaveBeenCalledWith(key.id, foreign, 'payload', 1_000);
  });

  it('asks for any valid token unless it is told more', async () => {
    const acquire = jest.spyOn(inner, 'acquire');
    await store.attempt(key).acquire();
    expect(acquire).toHaveBeenCalledWith(
      key.id,
      expect.objectContaining({ minTtlMs: 0, refusedGeneration: undefined }),
    );
  });

  it('asks under one nonce as long as one piece of work lasts, and under another for the next', async () => {
    const acquire = jest.spyOn(inner, 'acquire');
    const work = store.attempt(key);
    await work.acquire();
    await work.acquire();
    await store.attempt(key).acquire();
    const [first, second, third] = acquire.mock.calls.map(([, { nonce }]) => nonce);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('leaves the nonce of an attempt without an answer to the next that asks', async () => {
    const acquire = jest.spyOn(inner, 'acquire').mockRejectedValueOnce(new Error('connection lost'));
    await expect(store.attempt(key).acquire()).rejects.toMatchObject({ code: 'TOKEN_STORE_UNAVAILABLE' });
    store.attempt(key);
    await store.attempt(key).acquire();
    const [first, second] = acquire.mock.calls.map(([, { nonce }]) => nonce);
    expect(second).toBe(first);
  });

  it('asks again under the nonce of an attempt without an answer, which may have been granted a lease', async () => {
    const acquire = jest.spyOn(inner, 'acquire').mockRejectedValueOnce(new Error('connection lost'));
    await expect(store.attempt(key).acquire()).rejects.toMatchObject({ code: 'TOKEN_STORE_UNAVAILABLE' });
    await store.attempt(key).acquire();
    await store.attempt(key).acquire();
    const [first, second, third] = acquire.mock.calls.map(([, { nonce }]) => nonce);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('never asks for two pieces of work under one nonce', async () => {
    const acquire = jest.spyOn(inner, 'acquire').mockRejectedValueOnce(new Error('connection lost'));
    const work = store.attempt(key);
    await expect(work.acquire()).rejects.toMatchObject({ code: 'TOKEN_STORE_UNAVAILABLE' });
    await store.attempt(key).acquire();
    await work.acquire();
    const [first, second, third] = acquire.mock.calls.map(([, { nonce }]) => nonce);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('keeps the nonce of a lease that was granted unheard while a token is there, and gets that lease afterwards', async () => {
    const published = await lease();
    await store.commit(key, published, 'payload', 1_000);
    const acquire = jest.spyOn(inner, 'acquire');
    const granted = new Promise<void>((resolve) => {
      acquire.mockImplementationOnce(async (keyId, attempt) => {
        await MemoryTokenStore.prototype.acquire.call(inner, keyId, attempt);
        resolve();
        throw new Error('connection lost');
      });
    });
    await expect(store.attempt(key).acquire({ minTtlMs: 2_000 })).rejects.toMatchObject({
      code: 'TOKEN_STORE_UNAVAILABLE',
    });
    await granted;
    expect((await store.attempt(key).acquire()).outcome).toBe('hit');
    expect((await store.attempt(key).acquire({ minTtlMs: 2_000 })).outcome).toBe('lease');
  });
});

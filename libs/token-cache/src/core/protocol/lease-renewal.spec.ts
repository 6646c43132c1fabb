import { billingKey } from '../../testing/billing-key.spec-support.js';
import { NEVER } from '../../testing/fleet.spec-support.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { FaultyTokenStore } from '../../testing/faulty-token-store.js';
import { type TokenKey } from '../config/token-key.js';
import { TokenObservers } from '../contract/token-observers.js';
import { type Acquired, type Lease } from '../contract/token-store.js';
import { MemoryTokenStore } from '../slot/memory-token-store.js';
import { GuardedStore } from '../store-client/guarded-store.js';
import { StoreClient } from '../store-client/store-client.js';
import { keepRenewing } from './lease-renewal.js';

const LEASE_MS = 3_000;

describe('A lease', () => {
  let clock: FakeClock;
  let inner: MemoryTokenStore;
  let network: FaultyTokenStore;
  let store: StoreClient;
  let key: TokenKey;
  let lease: Lease;
  let onLost: jest.Mock;
  let stop: () => void;

  beforeEach(async () => {
    clock = new FakeClock();
    inner = new MemoryTokenStore({ clock });
    network = new FaultyTokenStore(inner);
    store = new StoreClient(new GuardedStore(network, clock, new TokenObservers(), NEVER), clock, () => {});
    key = billingKey({ leaseMs: LEASE_MS });
    const acquired = await store.acquire(key);
    if (acquired.outcome !== 'lease') throw new Error(acquired.outcome);
    ({ lease } = acquired);
    network.calls.length = 0;
    onLost = jest.fn();
    stop = keepRenewing({ clock, store }, key, lease, onLost);
  });

  const askedByAnother = (): Promise<Acquired> =>
    inner.acquire(key.id, { nonce: 'another', leaseMs: LEASE_MS, minTtlMs: 0 });

  it('is renewed every third of it', async () => {
    await clock.advance(999);
    expect(network.calls).toEqual([]);
    await clock.advance(1);
    expect(network.calls).toEqual(['renew']);
    await clock.advance(5_000);
    expect(network.calls).toHaveLength(6);
  });

  it.each([
    ['at once, where the answer that granted it took more than a third of it', 1_001, 0],
    ['the sooner, the longer the answer took that granted it', 400, 600],
  ])('is renewed %s', async (_when, tookMs, dueInMs) => {
    stop();
    await clock.advance(tookMs);
    stop = keepRenewing({ clock, store }, key, lease, onLost);
    await clock.advance(Math.max(0, dueInMs - 1));
    expect(network.calls).toHaveLength(dueInMs > 0 ? 0 : 1);
    await clock.advance(1);
    expect(network.calls).toEqual(['renew']);
  });

  it('keeps other processes out for as long as it is renewed', async () => {
    await clock.advance(10 * LEASE_MS);
    expect(await askedByAnother()).toMatchObject({ outcome: 'wait', leaseEndsInMs: LEASE_MS });
    expect(onLost).not.toHaveBeenCalled();
  });

  it('is renewed no more once that is stopped', async () => {
    await clock.advance(1_000);
    stop();
    await clock.advance(10 * LEASE_MS);
    expect(network.calls).toEqual(['renew']);
    expect(clock['timers'].size).toBe(0);
  });

  it.each(['reject', 'hang', 'lose-reply'] as const)(
    'is not taken for lost because the store does not answer (%s), and is renewed when it does again',
    async (fault) => {
      network.fault = () => fault;
      await clock.advance(LEASE_MS);
      network.fault = () => undefined;
      await clock.advance(LEASE_MS);
      expect(await askedByAnother()).toMatchObject({ outcome: 'wait' });
      expect(onLost).not.toHaveBeenCalled();
    },
  );

  it('is renewed although it lapsed, unless another process took it over', async () => {
    network.fault = () => 'hang';
    await clock.advance(LEASE_MS);
    network.fault = () => undefined;
    await clock.advance(1_000);
    expect(await askedByAnother()).toMatchObject({ outcome: 'wait' });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['was purged', () => inner.purge(key.id)],
    ['was released', () => inner.fail(key.id, lease)],
    ['was committed', () => inner.commit(key.id, lease, 'token', LEASE_MS)],
    [
      'lapsed and was taken over',
      async () => {
        network.fault = () => 'hang';
        await clock.advance(2 * LEASE_MS);
        await askedByAnother();
        network.fault = () => undefined;
      },
    ],
  ])('that %s is told to be lost once, and renewed no more', async (_what, lose) => {
    await lose();
    await clock.advance(2_000);
    expect(onLost).toHaveBeenCalledTimes(1);
    network.calls.length = 0;
    await clock.advance(10 * LEASE_MS);
    expect(onLost).toHaveBeenCalledTimes(1);
    expect(network.calls).toEqual([]);
  });

  it('is not told to be lost by an answer that comes after its renewal was stopped', async () => {
    await inner.purge(key.id);
    await clock.advance(999);
    let answer: (isOurs: boolean) => void = () => {};
    jest.spyOn(inner, 'renew').mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));
    await clock.advance(1);
    stop();
    answer(false);
    await clock.advance(10 * LEASE_MS);
    expect(onLost).not.toHaveBeenCalled();
    expect(network.calls).toEqual(['renew']);
  });
});

import { describeTokenStore } from '../../testing/token-store-contract.js';
import { type Clock, systemClock } from '../contract/clock.js';
import { MemoryTokenStore } from './memory-token-store.js';

describeTokenStore('MemoryTokenStore', () => {
  const shared = new MemoryTokenStore();
  return { open: () => shared };
});

describe('MemoryTokenStore', () => {
  const lookUp = { nonce: 'a', leaseMs: 3_000, minTtlMs: 0 };
  const rejection = { generation: 1, paceMs: 5_000, maxPaceMs: 60_000, isContested: false };
  let monotonic = 0;
  const clock: Clock = { ...systemClock, now: () => 1_700_000_000_000 + monotonic, monotonic: () => monotonic };

  beforeEach(() => {
    monotonic = 0;
  });

  it('lives by the clock that it was given', async () => {
    const store = new MemoryTokenStore({ clock });
    await store.acquire('key', lookUp);
    monotonic = 2_999;
    expect(await store.acquire('key', { ...lookUp, nonce: 'b' })).toMatchObject({ outcome: 'wait', leaseEndsInMs: 1 });
    monotonic = 3_000;
    expect(await store.acquire('key', { ...lookUp, nonce: 'b' })).toMatchObject({ outcome: 'lease' });
  });

  it('raises the fence while the clock stands still, and when it steps back', async () => {
    let now = 1_700_000_000_000;
    const store = new MemoryTokenStore({ clock: { ...clock, now: () => (now -= 1_000) } });
    const fences: number[] = [];
    for (let i = 0; i < 5; i++) {
      const answer = await store.acquire('key', lookUp);
      if (answer.outcome !== 'lease') throw new Error(answer.outcome);
      await store.fail('key', answer.lease);
      fences.push(answer.lease.fence);
    }
    expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
  });

  it('never calls a listener within the call that caused the event', async () => {
    const store = new MemoryTokenStore();
    const calls: string[] = [];
    store.events.subscribe({ event: ({ type }) => calls.push(type), up: () => calls.push('up'), down: () => {} });
    const purged = store.purge('key');
    expect(calls).toEqual([]);
    await purged;
    await Promise.resolve();
    expect(calls).toEqual(['up', 'purged']);
  });

  it.each([
    ['leaseMs', (store: MemoryTokenStore) => store.acquire('key', { ...lookUp, leaseMs: 0 })],
    ['leaseMs', (store: MemoryTokenStore) => store.renew('key', { nonce: 'a', fence: 1, leaseMs: 0 })],
    ['ttlMs', (store: MemoryTokenStore) => store.commit('key', { nonce: 'a', fence: 1, leaseMs: 1 }, 'payload', 0)],
    ['ttlMs', (store: MemoryTokenStore) => store.offer('key', 1, 'payload', 0)],
    ['withinMs', (store: MemoryTokenStore) => store.purge('key', 0)],
    ['withinMs', (store: MemoryTokenStore) => store.purgeGroup('group', 0)],
    [
      'cooldown.remainingMs',
      (store: MemoryTokenStore) =>
        store.fail('key', { nonce: 'a', fence: 1, leaseMs: 1 }, { remainingMs: 0, error: '' }),
    ],
    ['paceMs', (store: MemoryTokenStore) => store.invalidate('key', { ...rejection, paceMs: 0 })],
    ['maxPaceMs', (store: MemoryTokenStore) => store.invalidate('key', { ...rejection, maxPaceMs: 0 })],
  ])('refuses a time that is not positive: %s', async (name, call) => {
    await expect(call(new MemoryTokenStore())).rejects.toThrow(`${name} must be a positive integer, not 0`);
  });

  it('sends no event for a holder that was overtaken', async () => {
    const store = new MemoryTokenStore({ clock });
    const late = await store.acquire('key', { ...lookUp, nonce: 'late' });
    if (late.outcome !== 'lease') throw new Error(late.outcome);
    monotonic = 3_000;
    await store.acquire('key', { ...lookUp, nonce: 'newer' });
    await store.acquire('key', { ...lookUp, nonce: 'waits' });
    const events: string[] = [];
    store.events.subscribe({ event: ({ type }) => events.push(type), up: () => {}, down: () => {} });
    await store.commit('key', late.lease, 'payload', 1_000);
    await store.fail('key', late.lease);
    await Promise.resolve();
    expect(events).toEqual([]);
  });

  it('sends no event of an offer that it does not take', async () => {
    const store = new MemoryTokenStore({ clock });
    await store.acquire('key', lookUp);
    await store.purge('key');
    await store.acquire('key', lookUp);
    await store.acquire('key', { ...lookUp, nonce: 'waits' });
    const events: string[] = [];
    store.events.subscribe({ event: ({ type }) => events.push(type), up: () => {}, down: () => {} });
    expect(await store.offer('key', 1, 'minted before the purge', 1_000)).toEqual({ outcome: 'voided' });
    await Promise.resolve();
    expect(events).toEqual([]);
  });

  it('sends no event of a commit for which nobody waits, though a token without a lease came before it', async () => {
    const store = new MemoryTokenStore({ clock });
    await store.offer('key', 7, 'offered', 1_000);
    monotonic = 1_000;
    const answer = await store.acquire('key', lookUp);
    if (answer.outcome !== 'lease') throw new Error(answer.outcome);
    const events: string[] = [];
    store.events.subscribe({ event: ({ type }) => events.push(type), up: () => {}, down: () => {} });
    await store.commit('key', answer.lease, 'payload', 1_000);
    await Promise.resolve();
    expect(events).toEqual([]);
  });

  it('paces rejections by the clock that it was given', async () => {
    const store = new MemoryTokenStore({ clock });
    const rejectNext = async () => {
      const answer = await store.acquire('key', lookUp);
      if (answer.outcome === 'lease') await store.commit('key', answer.lease, 'payload', 3_600_000);
      const { token } = await store.peek('key');
      return store.invalidate('key', { ...rejection, generation: token!.fence });
    };
    const verdicts: string[] = [];
    for (const atMs of [0, 4_999, 5_000, 14_999, 15_000]) {
      monotonic = atMs;
      verdicts.push(await rejectNext());
    }
    expect(verdicts).toEqual(['replaced', 'held', 'replaced', 'held', 'replaced']);
  });

  it('drops what ended as fast as new keys come in', async () => {
    const store = new MemoryTokenStore({ clock });
    for (let i = 0; i < 1_000; i++) await store.purge(`old ${i}`);
    expect(store.size).toBe(1_000);
    monotonic = 25 * 60 * 60 * 1_000;
    for (let i = 0; i < 1_000; i++) await store.purge(`new ${i}`);
    expect(store.size).toBe(1_000);
  });
});

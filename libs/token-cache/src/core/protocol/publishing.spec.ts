import { FakeClock } from '../../testing/fake-clock.js';
import { type FakeTokenSource } from '../../testing/fake-token-source.js';
import { FaultyTokenStore } from '../../testing/faulty-token-store.js';
import {
  accessToken,
  type Fleet,
  HOUR,
  pass,
  SECOND,
  settled,
  slow,
  startFleet,
} from '../../testing/fleet.spec-support.js';
import { type StoreOperation } from '../contract/token-observer.js';
import { MemoryTokenStore } from '../slot/memory-token-store.js';
import { type TokenClient } from '../token-client.js';

describe('A token that a process has and the fleet has not', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];
  let store: FaultyTokenStore;
  let warned: jest.SpyInstance;

  beforeEach(() => {
    ({ shared, source, replica, stop } = startFleet());
    store = new FaultyTokenStore(shared);
    warned = jest.spyOn(process, 'emitWarning').mockImplementation();
  });
  afterEach(async () => {
    await stop();
    const warnings = warned.mock.calls;
    warned.mockRestore();
    expect(warnings).toEqual([]);
  });

  /** A caller that begins what is due, and has it done as far as no time passes. */
  async function call(tokens: TokenClient): Promise<void> {
    await tokens.getToken('billing');
    await pass(0);
  }

  const commits = (): number => store.calls.filter((operation) => operation === 'commit').length;

  it.each<[string, Parameters<typeof slow>[1], boolean]>([
    ['before its commit arrives', { requests: { commit: 100 } }, false],
    ['before its commit is answered', { replies: { commit: 100 } }, false],
    ['before its offer arrives', { requests: { offer: 100 } }, true],
    ['before its offer is answered', { replies: { offer: 100 } }, true],
  ])('comes back to nobody when it is purged %s', async (_when, delays, isTaken) => {
    store.fault = () => 'reject';
    const tokens = replica({}, store);
    const { keyId } = await tokens.getToken('billing');
    await pass(SECOND);
    if (isTaken) await shared.acquire(keyId, { nonce: 'other', leaseMs: HOUR, minTtlMs: 0 });
    store.fault = () => undefined;
    Object.assign(store, { inner: slow(shared, delays) });
    await call(tokens);
    await pass(50);
    await replica().purge('billing');
    await pass(50);
    expect(await accessToken(replica())).toBe('fake-token-2');
    expect(await accessToken(tokens)).toBe('fake-token-2');
  });

  it('stays in hand when the store has had a newer one that is over, and grants no lease', async () => {
    store.fault = () => 'reject';
    const tokens = replica({}, store);
    const { keyId } = await tokens.getToken('billing');
    await pass(SECOND);
    const acquire = () => shared.acquire(keyId, { nonce: 'other', leaseMs: HOUR, minTtlMs: 0 });
    const acquired = await acquire();
    if (acquired.outcome !== 'lease') throw new Error(acquired.outcome);
    await shared.commit(keyId, acquired.lease, 'of another process', 500);
    await pass(SECOND);
    await acquire();
    store.fault = () => undefined;
    store.calls.length = 0;
    await call(tokens);
    expect(store.calls).toEqual(['acquire', 'offer']);
    expect(await accessToken(tokens)).toBe('fake-token-1');
  });

  it('is not committed under a lease under which an earlier one may still arrive, so that no generation has two', async () => {
    source.answer = { expiresInMs: 10_000 };
    // The first commit arrives two seconds after it was given up.
    Object.assign(store, { inner: slow(shared, { requests: { commit: 2_500 } }) });
    const tokens = replica({}, store);
    const first = tokens.getToken('billing');
    await pass(SECOND);
    await first;
    store.fault = () => 'reject';
    source.answer = { expiresInMs: HOUR };
    const forLong = await tokens.getToken('billing', undefined, { minLifeMs: 8_050 });
    await pass(SECOND);
    store.fault = () => undefined;
    store.calls.length = 0;
    await call(tokens);
    expect(store.calls).toEqual(['acquire', 'renew', 'fail']);
    await pass(SECOND);
    Object.assign(store, { inner: shared });
    await call(tokens);
    expect(await accessToken(replica())).toBe(forLong.accessToken);
    expect(await accessToken(tokens)).toBe(forLong.accessToken);
  });

  it('is committed no more once the store has answered one of two commits', async () => {
    const tokens = replica({ nearCache: false }, store);
    await tokens.getToken('billing');
    Object.assign(store, { inner: new MemoryTokenStore() });
    store.calls.length = 0;
    store.fault = (operation) => (operation === 'commit' && commits() === 1 ? 'hang' : undefined);
    await call(tokens);
    await call(tokens);
    expect(commits()).toBe(2);
    await pass(SECOND);
    await call(tokens);
    await pass(SECOND);
    expect(commits()).toBe(2);
  });

  describe('since its commit gets no answer', () => {
    let tokens: TokenClient;

    beforeEach(async () => {
      store.fault = (operation) => (operation === 'commit' ? 'hang' : undefined);
      tokens = replica({}, store);
      const minting = tokens.getToken('billing');
      await pass(500);
      await minting;
    });

    it('is committed once at a time, though it is rejected meanwhile', async () => {
      const token = await tokens.getToken('billing');
      expect(commits()).toBe(2);
      const rejected = tokens.invalidate(token);
      await pass(100);
      expect(commits()).toBe(2);
      store.fault = () => undefined;
      await pass(SECOND);
      expect(await rejected).toBe(true);
    });

    it('leaves nothing to be done once it has one', async () => {
      store.fault = () => undefined;
      await pass(2 * SECOND);
      expect(await accessToken(replica())).toBe('fake-token-1');
      expect(jest.getTimerCount()).toBe(0);
    });
  });

  describe('and that is about to end', () => {
    let clock: FakeClock;
    let tokens: TokenClient;
    let keyId: string;

    beforeEach(async () => {
      clock = new FakeClock();
      shared = new MemoryTokenStore({ clock });
      store = new FaultyTokenStore(shared);
      store.fault = () => 'reject';
      // It lives for nine seconds.
      source.answer = { expiresInMs: 10_000 };
      tokens = replica({ clock }, store);
      ({ keyId } = await tokens.getToken('billing'));
      store.fault = () => undefined;
      store.calls.length = 0;
    });

    async function bringIn(leftMs: number): Promise<void> {
      await clock.advance(9_000 - leftMs - clock.monotonic());
      await tokens.getToken('billing');
      await clock.advance(0);
    }

    it.each<[string, number, StoreOperation[]]>([
      ['is shared in its last millisecond', 1, ['acquire', 'commit']],
      ['is shared no more after that, and leaves its lease to others', 0.5, ['acquire', 'fail']],
    ])('%s', async (_what, leftMs, calls) => {
      await bringIn(leftMs);
      expect(store.calls).toEqual(calls);
    });

    it.each<[string, number, StoreOperation[]]>([
      ['is offered in its last millisecond', 1, ['acquire', 'offer']],
      ['is offered no more after that', 0.5, ['acquire']],
    ])('%s, while another process mints', async (_what, leftMs, calls) => {
      await clock.advance(SECOND);
      await shared.acquire(keyId, { nonce: 'other', leaseMs: HOUR, minTtlMs: 0 });
      await bringIn(leftMs);
      expect(store.calls).toEqual(calls);
    });

    it('costs no second mint when a caller hears late of the lease that was given up for it', async () => {
      await clock.advance(8_999);
      Object.assign(store, { inner: slow(shared, { replies: { acquire: 10 } }) });
      const late = settled(tokens.getToken('billing', undefined, { minLifeMs: 5_000 }));
      await clock.advance(0);
      Object.assign(store, { inner: shared });
      await bringIn(0.5);
      const release = source.hold();
      const other = replica({ clock }, shared).getToken('billing');
      await clock.advance(0);
      await pass(10);
      await clock.advance(0);
      expect(source.calls).toHaveLength(2);
      release();
      const { accessToken: minted } = await other;
      await clock.advance(0);
      expect(await late).toMatchObject({ value: { accessToken: minted } });
    });
  });
});

import { inspect } from 'node:util';
import { type FakeTokenSource } from '../../testing/fake-token-source.js';
import { FaultyTokenStore } from '../../testing/faulty-token-store.js';
import {
  accessToken,
  channelled,
  type Fleet,
  HARD_EXPIRY,
  HOUR,
  pass,
  REFRESH_AT,
  rejectionOf,
  settled,
  silent,
  slow,
  startFleet,
} from '../../testing/fleet.spec-support.js';
import { MemoryTokenStore } from '../slot/memory-token-store.js';
import { TokenSourceRejectedError } from '../contract/token-cache.errors.js';
import { type StoreOperation, TokenObserver } from '../contract/token-observer.js';
import { type TokenClient } from '../../core/token-client.js';

describe('Upkeep', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];
  let warned: jest.SpyInstance;

  beforeEach(() => {
    ({ shared, source, replica, stop } = startFleet());
    warned = jest.spyOn(process, 'emitWarning').mockImplementation();
  });

  afterEach(async () => {
    await stop();
    warned.mockRestore();
  });

  /** A caller every 100 ms. */
  async function callFor(ms: number, tokens: TokenClient): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      await tokens.getToken('billing');
      await pass(100);
    }
  }

  function failuresOf(tokens: TokenClient): string[] {
    const codes: string[] = [];
    tokens.observe(
      new (class extends TokenObserver {
        override refreshFailed(_integration: string, code: string): void {
          codes.push(code);
        }
      })(),
    );
    return codes;
  }

  function mintsOf(tokens: TokenClient): object[] {
    const mints: object[] = [];
    tokens.observe(
      new (class extends TokenObserver {
        override minted(_integration: string, { outcome, reason }: { outcome: string; reason: string }): void {
          mints.push({ outcome, reason });
        }
      })(),
    );
    return mints;
  }

  /** Another process shares a newer token than that generation, which is announced; gives its fence. */
  async function shareAnother(keyId: string, generation: number, text: string): Promise<number> {
    const { token } = await shared.peek(keyId);
    const acquired = await shared.acquire(keyId, { nonce: 'other', leaseMs: 1_000, minTtlMs: HOUR });
    if (acquired.outcome !== 'lease') throw new Error(acquired.outcome);
    // Since this one waits, the commit is announced.
    await shared.acquire(keyId, { nonce: 'third', leaseMs: 1_000, minTtlMs: 0, refusedGeneration: generation });
    await shared.commit(keyId, acquired.lease, token!.payload.replace('fake-token-1', text), HOUR);
    return acquired.lease.fence;
  }

  /** A caller that begins what is due, and has it done as far as no time passes. */
  async function call(tokens: TokenClient): Promise<void> {
    await tokens.getToken('billing');
    await pass(0);
  }

  describe('of a token in its refresh window', () => {
    let store: FaultyTokenStore;
    let tokens: TokenClient;

    beforeEach(async () => {
      store = new FaultyTokenStore(shared);
      tokens = replica({}, store);
      await tokens.getToken('billing');
      await pass(REFRESH_AT);
      store.calls.length = 0;
    });

    it('takes the token that another process got meanwhile, in one call', async () => {
      const other = replica();
      await other.getToken('billing');
      await other.getToken('billing');
      await pass(10);
      await callFor(100, tokens);
      expect(store.calls).toEqual(['acquire']);
      expect(await accessToken(tokens)).toBe('fake-token-2');
      expect(warned).not.toHaveBeenCalled();
    });

    it('mints it anew when the store has lost it', async () => {
      Object.assign(store, { inner: new MemoryTokenStore() });
      await call(tokens);
      expect(await accessToken(tokens)).toBe('fake-token-2');
      expect(warned).not.toHaveBeenCalled();
    });

    it('mints it anew when it ends before the store has answered', async () => {
      await pass(HARD_EXPIRY - REFRESH_AT - 50);
      Object.assign(store, { inner: slow(shared, { replies: { acquire: 100 } }) });
      await tokens.getToken('billing');
      await pass(100);
      expect(source.calls).toHaveLength(2);
      expect(warned).not.toHaveBeenCalled();
    });

    it('asks the store for no lease while as many token requests are open as may be', async () => {
      tokens.reconfigure({ integrations: { billing: { source } }, maxOpenMints: 1 });
      const release = source.hold();
      const other = tokens.getToken('billing', { tenant: 'other' });
      await pass(10);
      store.calls.length = 0;
      await call(tokens);
      expect(store.calls).toEqual([]);
      release();
      await other;
    });

    it('does not ask the store for a lease when the mint of a caller has just failed', async () => {
      source.failure = new TokenSourceRejectedError('no', { oauthError: 'invalid_scope' });
      await settled(tokens.getToken('billing', undefined, { minLifeMs: 600_000 }));
      const codes = failuresOf(tokens);
      await call(tokens);
      expect(codes).toEqual(['TOKEN_SOURCE_REJECTED']);
      expect(store.calls).toEqual(['acquire', 'fail']);
    });

    it('looks again three times per lease while another process refreshes it', async () => {
      const other = replica();
      const release = source.hold();
      await other.getToken('billing');
      await other.getToken('billing');
      await callFor(2_000, tokens);
      expect(store.calls).toEqual(['acquire', 'acquire']);
      release();
      await callFor(1_200, tokens);
      expect(await accessToken(tokens)).toBe('fake-token-2');
      expect(warned).not.toHaveBeenCalled();
    });

    it('replaces a newer token that cannot be read', async () => {
      const { keyId } = (await tokens.peek('billing'))!;
      const acquired = await shared.acquire(keyId, { nonce: 'other', leaseMs: 1_000, minTtlMs: HOUR });
      if (acquired.outcome !== 'lease') throw new Error(acquired.outcome);
      await shared.commit(keyId, acquired.lease, 'gibberish', 60_000);
      await callFor(100, tokens);
      expect(await accessToken(tokens)).toBe('fake-token-2');
    });

    it('shares the token that a caller had minted meanwhile without the store', async () => {
      const replies = { acquire: 400 };
      Object.assign(store, { inner: slow(shared, { replies }) });
      await tokens.getToken('billing');
      await pass(10);
      store.fault = () => 'reject';
      await tokens.getToken('billing', undefined, { minLifeMs: 600_000 });
      store.fault = () => undefined;
      await pass(400);
      expect(await accessToken(replica())).toBe('fake-token-2');
      expect(source.calls).toHaveLength(2);
    });

    it('leaves a failing source alone for its cool-down, and asks the store no sooner either', async () => {
      source.failure = new TokenSourceRejectedError('no');
      const codes = failuresOf(tokens);
      await callFor(29_000, tokens);
      expect(codes).toEqual(['TOKEN_SOURCE_REJECTED']);
      expect(store.calls).toEqual(['acquire', 'fail']);
    });

    it('asks a store that does not answer once a second', async () => {
      store.fault = () => 'reject';
      const codes = failuresOf(tokens);
      await callFor(2_500, tokens);
      expect(codes).toEqual(Array(3).fill('TOKEN_STORE_UNAVAILABLE'));
    });

    it('asks it again as soon as the second is over', async () => {
      store.fault = () => 'reject';
      const codes = failuresOf(tokens);
      await call(tokens);
      await pass(999);
      await call(tokens);
      expect(codes).toHaveLength(1);
      await pass(1);
      await call(tokens);
      expect(codes).toHaveLength(2);
    });

    it('has not failed when a caller had to mint meanwhile, since the store did not answer', async () => {
      const codes = failuresOf(tokens);
      store.fault = () => 'hang';
      await tokens.getToken('billing');
      store.fault = () => 'reject';
      await tokens.getToken('billing', undefined, { minLifeMs: 600_000 });
      await pass(500);
      expect(codes).toEqual([]);
      expect(source.calls).toHaveLength(2);
    });

    it('is not disturbed when another process rejects the old token', async () => {
      const release = source.hold();
      await tokens.getToken('billing');
      await pass(10);
      const other = replica();
      await other.invalidate(await other.getToken('billing'));
      await pass(10);
      release();
      await pass(10);
      expect(source.calls.map(({ context }) => context.signal.aborted)).toEqual([false, false]);
      expect(await accessToken(other)).toBe('fake-token-2');
    });

    it('warns of an error that is none of the library, and goes on', async () => {
      const odd = new Error('no entropy');
      let isBroken = false;
      const broken = replica({
        random: () => {
          if (isBroken) throw odd;
          return 0;
        },
      });
      await broken.getToken('billing');
      isBroken = true;
      await callFor(100, broken);
      expect(warned).toHaveBeenCalledWith(expect.stringContaining('no entropy'), 'TokenCacheWarning');
    });

    it('leaves nothing behind', async () => {
      await callFor(100, tokens);
      expect(await accessToken(tokens)).toBe('fake-token-2');
      expect(inspect(tokens['parts'].supply['parts'].upkeep, { depth: 1 })).toContain('running: Set(0) {}');
      expect(inspect(tokens['parts'].storeEvents, { depth: 1 })).toContain('watches: Map(0) {}');
    });
  });

  it('hears of a cool-down when the store lost the token', async () => {
    const store = new FaultyTokenStore(shared);
    const tokens = replica({}, store);
    const { keyId } = await tokens.getToken('billing');
    await pass(REFRESH_AT);
    const empty = new MemoryTokenStore();
    const acquired = await empty.acquire(keyId, { nonce: 'other', leaseMs: 1_000, minTtlMs: 0 });
    if (acquired.outcome !== 'lease') throw new Error(acquired.outcome);
    await empty.fail(keyId, acquired.lease, { remainingMs: 60_000, error: '{}' });
    Object.assign(store, { inner: empty });
    const codes = failuresOf(tokens);
    await callFor(100, tokens);
    expect(codes).toEqual(['TOKEN_SOURCE_UNAVAILABLE']);
  });

  it('leaves a token alone that the store lost and another process is about to replace', async () => {
    const store = new FaultyTokenStore(shared);
    const tokens = replica({}, store);
    const { keyId } = await tokens.getToken('billing');
    await pass(REFRESH_AT);
    const empty = new MemoryTokenStore();
    await empty.acquire(keyId, { nonce: 'other', leaseMs: 60_000, minTtlMs: 0 });
    Object.assign(store, { inner: empty });
    await callFor(100, tokens);
    expect(await accessToken(tokens)).toBe('fake-token-1');
    expect(warned).not.toHaveBeenCalled();
  });

  it('replaces a token alone before it ends while the store is away, though only one token request may be open', async () => {
    const store = new FaultyTokenStore(shared);
    const tokens = replica({ maxOpenMints: 1 }, store);
    await tokens.getToken('billing');
    const minted: unknown[] = [];
    tokens.observe(
      new (class extends TokenObserver {
        override minted = (_integration: string, mint: object): void => void minted.push(mint);
      })(),
    );
    await pass(REFRESH_AT);
    store.fault = () => 'reject';
    await callFor(299_000, tokens);
    expect(minted).toEqual([{ outcome: 'local', reason: 'refresh', durationMs: 0 }]);
  });

  it.each([
    ['shares', 'before its refresh window', 699, 2],
    ['replaces', 'at the begin of its refresh window', 700, 3],
    ['replaces', 'in its refresh window', 800, 3],
  ])('%s the token of a caller that minted meanwhile %s', async (_what, _when, agedMs, mints) => {
    const answerMs = 2_000;
    const store = new FaultyTokenStore(shared);
    const tokens = replica({ storeTimeoutMs: 5_000 }, store);
    await tokens.getToken('billing');
    await pass(REFRESH_AT);
    Object.assign(store, { inner: slow(shared, { replies: { acquire: answerMs } }) });
    await call(tokens);
    await pass(answerMs - agedMs);
    store.fault = () => 'reject';
    // It lives for 900 ms, of which the last 200 are its refresh window.
    source.answer = { expiresInMs: 1_000 };
    await settled(tokens.getToken('billing', undefined, { minLifeMs: 600_000 }));
    store.fault = () => undefined;
    await pass(agedMs);
    expect(source.calls).toHaveLength(mints);
  });

  it('takes a newer token of which it hears before its refresh window', async () => {
    const tokens = replica();
    const { keyId, generation } = await tokens.getToken('billing');
    await shareAnother(keyId, generation, 'newer-token');
    await call(tokens);
    await call(tokens);
    expect(await accessToken(tokens)).toBe('newer-token');
    expect(source.calls).toHaveLength(1);
  });

  it('takes no newer token that was rejected while this process could not hear of it', async () => {
    const store = channelled(shared);
    const tokens = replica({}, store);
    store.up();
    const { keyId, generation } = await tokens.getToken('billing');
    const fence = await shareAnother(keyId, generation, 'rejected-token');
    await pass(0);
    store.down();
    await shared.invalidate(keyId, rejectionOf(fence));
    await call(tokens);
    expect(store.calls).toContain('peek');
    expect(await accessToken(tokens)).toBe('fake-token-2');
    expect(warned).not.toHaveBeenCalled();
  });

  it('leaves a store that went back to an older token to the process that replaces that', async () => {
    const older = new MemoryTokenStore();
    const { keyId } = await replica({}, older).getToken('billing');
    await pass(1_000);
    const store = new FaultyTokenStore(shared);
    const tokens = replica({ nearCache: false }, store);
    await tokens.getToken('billing');
    await older.acquire(keyId, { nonce: 'other', leaseMs: 60_000, minTtlMs: HOUR });
    Object.assign(store, { inner: older });
    store.calls.length = 0;
    await call(tokens);
    expect(store.calls).toEqual(['acquire', 'acquire']);
    expect(await accessToken(tokens)).toBe('fake-token-2');
    expect(warned).not.toHaveBeenCalled();
  });

  describe('of a token that is about to end while the store is silent', () => {
    const LEFT_MS = 3_000;
    let store: FaultyTokenStore;
    let random: number;

    beforeEach(() => {
      store = new FaultyTokenStore(shared);
      random = 0;
    });

    async function silentlyAt(ms: number, options: { whenStoreUnavailable?: 'fail' } = {}): Promise<TokenClient> {
      const tokens = replica({ ...options, random: () => random }, store);
      await tokens.getToken('billing');
      await pass(ms);
      store.fault = () => 'reject';
      // The moment of this process is in the middle of the quarter of what is left.
      random = 0.5;
      return tokens;
    }

    it('replaces it at a moment of its own, though it asked the store less than a second before', async () => {
      const tokens = await silentlyAt(HARD_EXPIRY - LEFT_MS);
      await call(tokens);
      await pass(LEFT_MS / 8 - 1);
      await call(tokens);
      expect(source.calls).toHaveLength(1);
      await pass(1);
      await call(tokens);
      expect(source.calls).toHaveLength(2);
      expect(warned).not.toHaveBeenCalled();
    });

    it("never replaces it with 'fail', and asks the store once a second", async () => {
      const tokens = await silentlyAt(HARD_EXPIRY - LEFT_MS, { whenStoreUnavailable: 'fail' });
      const codes = failuresOf(tokens);
      await callFor(LEFT_MS - 100, tokens);
      expect(codes).toEqual(Array(3).fill('TOKEN_STORE_UNAVAILABLE'));
      expect(source.calls).toHaveLength(1);
    });

    it("asks the store once a second if 'fail' is set at the very moment at which it was to be replaced", async () => {
      const tokens = await silentlyAt(HARD_EXPIRY - LEFT_MS);
      await call(tokens);
      await pass(LEFT_MS / 8);
      tokens.reconfigure({ integrations: { billing: { source } }, whenStoreUnavailable: 'fail' });
      const codes = failuresOf(tokens);
      await call(tokens);
      await call(tokens);
      expect(codes).toEqual(['TOKEN_STORE_UNAVAILABLE']);
    });

    it('replaces one that was never shared in time as well, so that no caller waits', async () => {
      store.fault = () => 'reject';
      // It lives for 9 s, of which the last 2 s are its refresh window.
      source.answer = { expiresInMs: 10_000 };
      const tokens = await silentlyAt(1_000);
      const mints = mintsOf(tokens);
      await callFor(7_900, tokens);
      expect(mints).toEqual([{ outcome: 'local', reason: 'refresh' }]);
      expect(warned).not.toHaveBeenCalled();
    });

    it('may replace one that was never shared as soon as its refresh window begins', async () => {
      store.fault = () => 'reject';
      source.answer = { expiresInMs: 10_000 };
      const tokens = await silentlyAt(7_000);
      random = 1 - Number.EPSILON;
      await call(tokens);
      expect(source.calls).toHaveLength(2);
    });

    it('warns of an error that is none of the library, and serves the token', async () => {
      store.fault = () => 'reject';
      let isBroken = false;
      const tokens = replica(
        {
          random: () => {
            if (isBroken) throw new Error('no entropy');
            return 0;
          },
        },
        store,
      );
      await tokens.getToken('billing');
      await pass(REFRESH_AT);
      isBroken = true;
      await call(tokens);
      expect(await accessToken(tokens)).toBe('fake-token-1');
      expect(warned).toHaveBeenCalledWith(expect.stringContaining('no entropy'), 'TokenCacheWarning');
    });
  });

  describe('of a token whose commit gets no answer', () => {
    let store: FaultyTokenStore;
    let tokens: TokenClient;
    let keyId: string;

    beforeEach(async () => {
      store = new FaultyTokenStore(shared);
      store.fault = (operation) => (operation === 'commit' ? 'reject' : undefined);
      // It says that it takes no commits, so that it is asked for all else.
      Object.assign(store, { hasAnswered: () => true });
      tokens = replica({}, store);
      ({ keyId } = await tokens.getToken('billing'));
    });

    it('has it committed again, and tells the store of it in no other way', async () => {
      const asked = new Set<StoreOperation>();
      tokens.observe(
        new (class extends TokenObserver {
          override storeCalled = (operation: StoreOperation): void => void asked.add(operation);
        })(),
      );
      store.fault = (operation) => (operation === 'commit' ? 'hang' : undefined);
      await callFor(4_000, tokens);
      expect([...asked]).toEqual(['commit']);
    });

    it('offers it to no store that lets it wait for another process, though its end was in doubt meanwhile', async () => {
      await pass(3_000);
      await shared.acquire(keyId, { nonce: 'other', leaseMs: 60_000, minTtlMs: 0 });
      Object.assign(store, { inner: slow(shared, { replies: { acquire: 100 } }) });
      store.calls.length = 0;
      jest.setSystemTime(Date.now() + HOUR);
      const asking = accessToken(tokens);
      await pass(50);
      jest.setSystemTime(Date.now() - HOUR);
      await pass(50);
      expect(await asking).toBe('fake-token-1');
      expect(store.calls.filter((operation) => operation !== 'commit')).toEqual(['acquire']);
    });
  });

  describe('of a token that could not be shared', () => {
    let store: FaultyTokenStore;
    let tokens: TokenClient;
    let keyId: string;

    beforeEach(async () => {
      store = new FaultyTokenStore(shared);
      store.fault = () => 'reject';
      tokens = replica({}, store);
      ({ keyId } = await tokens.getToken('billing'));
      await pass(1_000);
      store.calls.length = 0;
    });

    it('offers it while another process holds the lease, so that nothing waits for that', async () => {
      store.fault = () => undefined;
      await shared.acquire(keyId, { nonce: 'other', leaseMs: 60_000, minTtlMs: 0 });
      await callFor(1_900, tokens);
      expect(store.calls).toEqual(['acquire', 'offer']);
      expect(await shared.peek(keyId)).toMatchObject({ token: expect.anything() });
      expect(warned).not.toHaveBeenCalled();
    });

    it('refreshes it like any other once it was offered', async () => {
      store.fault = () => undefined;
      const acquired = await shared.acquire(keyId, { nonce: 'other', leaseMs: 60_000, minTtlMs: 0 });
      if (acquired.outcome !== 'lease') throw new Error(acquired.outcome);
      await callFor(100, tokens);
      await shared.fail(keyId, acquired.lease);
      await pass(REFRESH_AT);
      await callFor(200, tokens);
      expect(await accessToken(tokens)).toBe('fake-token-2');
    });

    it('lets go of it when the offer arrives after a purge that was not heard', async () => {
      const network = silent(slow(shared, { requests: { offer: 100 } }));
      network.fault = () => 'reject';
      const deaf = replica({}, network);
      const purged = await accessToken(deaf);
      await pass(1_000);
      network.fault = () => undefined;
      await shared.acquire(keyId, { nonce: 'other', leaseMs: 60_000, minTtlMs: 0 });
      await deaf.getToken('billing');
      await pass(50);
      await replica().purge('billing');
      await pass(100);
      expect(await accessToken(deaf)).not.toBe(purged);
    });

    it('takes the token of another process that comes before the offer', async () => {
      Object.assign(store, { inner: slow(shared, { requests: { offer: 100 } }) });
      store.fault = () => undefined;
      const release = source.hold();
      const minting = accessToken(replica());
      await pass(10);
      await tokens.getToken('billing');
      await pass(10);
      release();
      await pass(100);
      store.fault = () => 'reject';
      expect(await accessToken(tokens)).toBe(await minting);
    });

    it('shares it under the lease of a caller, though another process gave a token of its own the same generation', async () => {
      const asking = replica({}, Object.assign(store, { inner: slow(shared, { replies: { acquire: 300 } }) }));
      store.fault = () => undefined;
      await shared.offer(keyId, 1, 'of another process', 60_000);
      const forLong = asking.getToken('billing', undefined, { minLifeMs: 120_000 });
      await pass(100);
      store.fault = () => 'reject';
      const { accessToken: own, generation } = await asking.getToken('billing');
      expect(generation).toBe(1);
      expect((await forLong).accessToken).toBe(own);
      store.fault = () => undefined;
      await pass(200);
      expect((await replica().getToken('billing', undefined, { minLifeMs: 120_000 })).accessToken).toBe(own);
    });

    it('does not begin once the application is shut down', async () => {
      store.fault = () => undefined;
      await tokens.close();
      expect(await accessToken(tokens)).toBe('fake-token-1');
      await pass(100);
      expect(store.calls).toEqual([]);
    });

    it('is no failed refresh while the store does not answer', async () => {
      const codes = failuresOf(tokens);
      await callFor(3_000, tokens);
      expect(codes).toEqual([]);
      expect(await accessToken(tokens)).toBe('fake-token-1');
      expect(warned).not.toHaveBeenCalled();
    });

    it('tries again once a second when the store takes no offer', async () => {
      store.fault = (operation) => (operation === 'offer' ? 'reject' : undefined);
      await shared.acquire(keyId, { nonce: 'other', leaseMs: 60_000, minTtlMs: 0 });
      await callFor(1_900, tokens);
      expect(store.calls).toEqual(['acquire', 'offer', 'acquire', 'offer']);
      expect(warned).not.toHaveBeenCalled();
    });

    it('does not offer it when it was purged while the store was asked', async () => {
      store.fault = () => undefined;
      await shared.acquire(keyId, { nonce: 'other', leaseMs: 60_000, minTtlMs: 0 });
      Object.assign(store, { inner: slow(shared, { replies: { acquire: 100 } }) });
      await call(tokens);
      await tokens.purge('billing');
      await pass(100);
      expect(store.calls).toEqual(['acquire', 'purge']);
    });

    it('goes on under the lease that it is granted with a mint that began while the store was silent', async () => {
      await pass(HOUR / 2);
      const release = source.hold();
      const forLong = tokens.getToken('billing', undefined, { minLifeMs: HOUR / 2 });
      await pass(1_000);
      store.fault = () => undefined;
      const mints = mintsOf(tokens);
      await call(tokens);
      release();
      await forLong;
      expect(mints).toEqual([{ outcome: 'stored', reason: 'refresh' }]);
      expect(await accessToken(replica())).toBe('fake-token-2');
    });

    describe('while the fleet leaves the source alone', () => {
      const forLong = (): Promise<PromiseSettledResult<unknown>> =>
        settled(tokens.getToken('billing', undefined, { minLifeMs: HOUR / 2 }));

      beforeEach(async () => {
        await pass(HOUR / 2);
        store.fault = () => undefined;
        source.failure = new TokenSourceRejectedError('no', { oauthError: 'invalid_scope' });
        await forLong();
      });

      it('asks the store no sooner than a second after it told of that', async () => {
        await callFor(1_000, tokens);
        expect(store.calls).toEqual(['acquire', 'fail']);
        await call(tokens);
        expect(store.calls).toEqual(['acquire', 'fail', 'acquire', 'offer']);
      });

      it('spares its callers the same question for a second after it was told', async () => {
        await pass(1_000);
        store.calls.length = 0;
        await call(tokens);
        expect(await forLong()).toMatchObject({ reason: { code: 'TOKEN_SOURCE_REJECTED' } });
        expect(store.calls).toEqual(['acquire', 'offer']);
      });
    });

    it('leaves nothing behind', async () => {
      store.fault = () => undefined;
      await callFor(1_000, tokens);
      expect((await shared.peek(keyId)).token).toBeDefined();
      expect(inspect(tokens['parts'].storeEvents, { depth: 1 })).toContain('watches: Map(0) {}');
    });
  });
});

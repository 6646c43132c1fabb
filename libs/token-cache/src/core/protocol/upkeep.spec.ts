import { inspect } from 'node:util';
import { type FakeTokenSource } from '../../testing/fake-token-source.js';
import { FaultyTokenStore } from '../../testing/faulty-token-store.js';
import { accessToken, type Fleet, pass, silent, slow, startFleet } from '../../testing/fleet.spec-support.js';
import { MemoryTokenStore } from '../slot/memory-token-store.js';
import { TokenSourceRejectedError } from '../contract/token-cache.errors.js';
import { TokenObserver } from '../contract/token-observer.js';
import { type TokenClient } from '../../core/token-client.js';

const HOUR = 3_600_000;
const REFRESH_AT = HOUR - 30_000 - 300_000;

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
      expect(inspect(tokens['parts'].supply, { depth: 3 })).toContain('running: Set(0) {}');
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
    });

    it('leaves nothing behind', async () => {
      store.fault = () => undefined;
      await callFor(1_000, tokens);
      expect((await shared.peek(keyId)).token).toBeDefined();
      expect(inspect(tokens['parts'].storeEvents, { depth: 1 })).toContain('watches: Map(0) {}');
    });
  });
});

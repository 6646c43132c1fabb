import { inspect } from 'node:util';
import { FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore, type StoreFault } from '../testing/faulty-token-store.js';
import {
  channelled,
  type Fleet,
  pass,
  settled,
  silent,
  slow,
  startFleet,
  tardy,
} from '../testing/fleet.spec-support.js';
import { systemClock } from './clock.js';
import { MemoryTokenStore } from './memory-token-store.js';
import { SHUTTING_DOWN } from './minter.js';
import { TokenSourceRejectedError, TokenSourceUnavailableError } from './token-cache.errors.js';
import { type TokenCacheOptions } from './token-cache.options.js';
import { TokenObserver } from './token-observer.js';
import { type TokenSource, tokenSource } from './token-source.js';
import { type Token } from './token.js';
import { type TokenService } from './token.service.js';

const SECOND = 1_000;
const HOUR = 3_600_000;
/** Hard expiry of an hour's token, and where its refresh window begins when jitter is 0. */
const HARD_EXPIRY = HOUR - 30_000;
const REFRESH_AT = HARD_EXPIRY - 300_000;
/** Microtasks, of which there are fewer between an answer and its use. */
const STEPS = Array.from({ length: 24 }, (_, steps) => steps);

describe('MintOnce', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => ({ shared, source, replica, stop } = startFleet()));
  afterEach(() => stop());

  /** A store that this process alone can lose. */
  function flaky(): FaultyTokenStore {
    return new FaultyTokenStore(shared);
  }

  /** Keeps a process busy with its token, once every so often. */
  async function callEvery(ms: number, times: number, tokens: TokenService): Promise<void> {
    for (let call = 0; call < times; call++) {
      await settled(tokens.getToken('billing'));
      await pass(ms);
    }
  }

  async function accessToken(tokens: TokenService): Promise<string> {
    return (await tokens.getToken('billing')).accessToken;
  }

  /** Whether a promise has settled, looked at without waiting for it. */
  function watched(promise: Promise<unknown>): { isSettled: boolean } {
    const state = { isSettled: false };
    void settled(promise).then(() => (state.isSettled = true));
    return state;
  }

  describe('hard expiry', () => {
    it('is respected by a shared token whose reply came after it', async () => {
      await replica().getToken('billing');
      await pass(HARD_EXPIRY - 200);
      const store = flaky();
      const token = accessToken(replica({}, slow(store, { replies: { acquire: 400 } })));
      await pass(2 * SECOND);
      expect(await token).toBe('fake-token-2');
      expect(store.calls).not.toContain('invalidate');
    });

    it('keeps nobody waiting for the lease of a token that ended before its commit was given up', async () => {
      source.answer = { expiresInMs: 200 };
      const store = flaky();
      store.fault = (operation) => (operation === 'commit' ? 'hang' : undefined);
      const first = settled(replica({}, store).getToken('billing'));
      await pass(SECOND);
      expect(await first).toMatchObject({ status: 'rejected', reason: { code: 'TOKEN_RESPONSE_INVALID' } });
      const next = accessToken(replica());
      await pass(0);
      expect(source.calls).toHaveLength(2);
      expect(await next).toBe('fake-token-2');
    });

    it.each([
      ['as long as', 180],
      ['longer than', 400],
    ])('is respected by a new token whose commit took %s its life', async (_how, commitMs) => {
      source.answer = { expiresInMs: 200 };
      const token = settled(replica({}, slow(shared, { replies: { commit: commitMs } })).getToken('billing'));
      await pass(2 * SECOND);
      expect(await token).toMatchObject({
        reason: { code: 'TOKEN_RESPONSE_INVALID', message: 'A token for "billing" ended before it could be shared' },
      });
    });

    it('is respected by a token that ended while the right to share it was asked for', async () => {
      const store = flaky();
      const commit = jest.spyOn(shared, 'commit');
      const tokens = replica({ refreshWindowMs: 0, safetyMarginMs: 0 }, slow(store, { replies: { acquire: 300 } }));
      store.fault = () => 'reject';
      source.answer = { expiresInMs: 5 * SECOND };
      await tokens.getToken('billing');
      store.fault = () => undefined;
      await pass(4_900);
      await tokens.getToken('billing');
      await pass(2 * SECOND);
      expect(commit.mock.calls.map(([, , , ttlMs]) => ttlMs)).toEqual([5 * SECOND]);
    });

    it('is measured in monotonic time, whatever the wall clock does', async () => {
      let stepMs = 0;
      const tokens = replica({ clock: { ...systemClock, now: () => Date.now() + stepMs } });
      await tokens.getToken('billing');
      for (stepMs of [-10 * HOUR, 10 * HOUR]) expect(await accessToken(tokens)).toBe('fake-token-1');
      await pass(HARD_EXPIRY);
      stepMs = -10 * HOUR;
      const second = await tokens.getToken('billing');
      expect(second.accessToken).toBe('fake-token-2');
      await tokens.invalidate(second);
      expect(await accessToken(tokens)).toBe('fake-token-3');
    });
  });

  describe('the fleet', () => {
    it.each<Partial<TokenCacheOptions>>([
      { refreshWindowMs: 0, safetyMarginMs: 0 },
      { leaseMs: 10, mintTimeoutMs: 1_000 },
      { leaseMs: 60_000, mintTimeoutMs: 1_000, waitTimeoutMs: 61_000 },
      { maxLifeMs: 1_000 },
      { storeTimeoutMs: 1 },
    ])('mints once with %j', async (policy) => {
      const fleet = [1, 2, 3].map(() => replica(policy));
      const release = source.hold();
      const all = Promise.all(fleet.map((tokens) => tokens.getToken('billing')));
      await pass(300);
      release();
      await pass(200);
      await all;
      expect(source.calls).toHaveLength(1);
    });

    it('refreshes once although the new token lives shorter than the refresh window of the old one', async () => {
      const fleet = [1, 2, 3, 4, 5].map(() => replica());
      for (const tokens of fleet) await tokens.getToken('billing');
      await pass(REFRESH_AT);
      source.answer = { expiresInMs: 60 * SECOND };
      for (const tokens of fleet) await callEvery(SECOND, 1, tokens);
      expect(source.calls).toHaveLength(2);
    });

    it('does not wait for a process that was granted the lease and never heard of it', async () => {
      const store = flaky();
      store.fault = () => 'lose-reply';
      const tokens = replica({ whenStoreUnavailable: 'fail' }, store);
      const first = settled(tokens.getToken('billing'));
      await pass(500);
      expect(await first).toMatchObject({ reason: { code: 'TOKEN_STORE_UNAVAILABLE' } });
      store.fault = () => undefined;
      expect(await accessToken(tokens)).toBe('fake-token-1');
    });

    it('mints once although a purge came between the loss of the data and the token that was shared again', async () => {
      const store = silent(shared);
      const tokens = replica({}, slow(store, { requests: { commit: 100 } }));
      const first = tokens.getToken('billing');
      await pass(200);
      await first;
      const empty = new MemoryTokenStore();
      Object.assign(store, { inner: empty });
      const next = tokens.getToken('billing');
      await pass(50);
      await replica({}, empty).purge('billing');
      await pass(SECOND);
      expect((await next).accessToken).toBe('fake-token-2');
      expect(source.calls).toHaveLength(2);
    });

    it.each([
      ['just as', 9_700],
      ['before', 9_750],
    ])('gives out no token that ended %s it was shared again', async (_when, laterMs) => {
      const store = silent(shared);
      const slowly = slow(store, { requests: { commit: 100 } });
      const tokens = replica({ safetyMarginMs: 0, refreshWindowMs: 0, maxLifeMs: 10 * SECOND }, slowly);
      const first = tokens.getToken('billing');
      await pass(200);
      await first;
      await pass(laterMs);
      Object.assign(store, { inner: new MemoryTokenStore() });
      const next = tokens.getToken('billing');
      await pass(SECOND);
      expect((await next).accessToken).toBe('fake-token-2');
    });

    it('shares no token again that is due for its refresh', async () => {
      const store = silent(shared);
      const tokens = replica({}, store);
      await tokens.getToken('billing');
      await pass(REFRESH_AT);
      Object.assign(store, { inner: new MemoryTokenStore() });
      expect(await accessToken(tokens)).toBe('fake-token-2');
    });

    it('shares a token again that the store dropped, although it remembers it', async () => {
      const store = silent(shared);
      const tokens = replica({}, store);
      const { keyId, generation } = await tokens.getToken('billing');
      const full = new MemoryTokenStore();
      await full.commit(keyId, { nonce: 'any', fence: generation, leaseMs: HOUR }, 'dropped', 1);
      await pass(1);
      Object.assign(store, { inner: full });
      expect(await accessToken(tokens)).toBe('fake-token-1');
      expect(source.calls).toHaveLength(1);
    });

    it('does not mint for callers who left while they waited for another process', async () => {
      source.hold();
      const dead = flaky();
      void settled(replica({}, dead).getToken('billing'));
      await pass(1);
      dead.fault = () => 'hang';
      const leaving = new AbortController();
      void settled(replica().getToken('billing', undefined, { signal: leaving.signal }));
      await pass(10);
      leaving.abort();
      await pass(30 * SECOND);
      expect(source.calls).toHaveLength(1);
    });

    it('shares a token for what is left of its life when the commit arrives', async () => {
      const minting = replica({}, slow(shared, { requests: { commit: 400 } })).getToken('billing');
      await pass(400);
      await minting;
      const other = replica({}, silent(shared));
      await pass(HARD_EXPIRY - 401);
      expect(await accessToken(other)).toBe('fake-token-1');
      await pass(1);
      expect(await accessToken(other)).toBe('fake-token-2');
    });
  });

  describe('a store that went back to an earlier state', () => {
    /** What a failover leaves that loses all writes from now on. */
    async function earlierState({ keyId }: Token): Promise<MemoryTokenStore> {
      const { token } = await shared.peek(keyId);
      if (!token) throw new Error('there is no token');
      const earlier = new MemoryTokenStore();
      await earlier.commit(keyId, { nonce: 'any', fence: token.fence, leaseMs: HOUR }, token.payload, token.ttlMs);
      return earlier;
    }

    it('is given the newer token that it lost, whoever rejected the older one', async () => {
      const stores = [1, 2, 3].map(() => silent(shared));
      const fleet = stores.map((store) => replica({}, store));
      const rejected = await fleet[0]!.getToken('billing');
      const earlier = await earlierState(rejected);
      await pass(SECOND);
      await fleet[0]!.invalidate(rejected);
      for (const tokens of fleet) expect(await accessToken(tokens)).toBe('fake-token-2');
      for (const store of stores) Object.assign(store, { inner: earlier });
      for (const tokens of fleet.toReversed()) expect(await accessToken(tokens)).toBe('fake-token-2');
      expect(await accessToken(replica({}, earlier))).toBe('fake-token-2');
      expect(source.calls).toHaveLength(2);
    });

    it('is given the newer token although the older one was invalidated once more', async () => {
      const store = silent(shared);
      const tokens = replica({}, store);
      const rejected = await tokens.getToken('billing');
      const earlier = await earlierState(rejected);
      await pass(SECOND);
      await tokens.invalidate(rejected);
      await tokens.getToken('billing');
      Object.assign(store, { inner: earlier });
      await earlier.invalidate(rejected.keyId, rejected.generation);
      expect(await accessToken(tokens)).toBe('fake-token-2');
      expect(await accessToken(replica({}, earlier))).toBe('fake-token-2');
      expect(source.calls).toHaveLength(2);
    });

    it('is left as it is by a process that meant to share the newer token after another one had', async () => {
      const stores = [silent(shared), silent(shared)] as const;
      const [quick, late] = [replica({}, stores[0]), replica({}, slow(stores[1], { requests: { acquire: 100 } }))];
      const rejected = await quick.getToken('billing');
      const earlier = await earlierState(rejected);
      await pass(SECOND);
      await quick.invalidate(rejected);
      const [newer] = [accessToken(quick), settled(late.getToken('billing'))];
      await pass(100);
      expect(await newer).toBe('fake-token-2');
      for (const store of stores) Object.assign(store, { inner: earlier });
      const token = accessToken(late);
      await pass(150);
      await quick.getToken('billing');
      await pass(50);
      expect(await token).toBe('fake-token-2');
      expect(source.calls).toHaveLength(2);
      const refreshed = await earlier.acquire(rejected.keyId, { nonce: 'another', leaseMs: SECOND, needMs: 2 * HOUR });
      expect(refreshed.outcome).toBe('lease');
    });

    it('does not take the newer token from those who hold it while it is refreshed', async () => {
      const store = silent(shared);
      const tokens = replica({}, store);
      const rejected = await tokens.getToken('billing');
      const earlier = await earlierState(rejected);
      await pass(SECOND);
      await tokens.invalidate(rejected);
      await tokens.getToken('billing');
      Object.assign(store, { inner: earlier });
      await earlier.acquire(rejected.keyId, { nonce: 'another', leaseMs: HOUR, needMs: HOUR });
      expect(await accessToken(tokens)).toBe('fake-token-2');
      expect((await tokens.peek('billing'))?.accessToken).toBe('fake-token-2');
    });
  });

  describe('an unreadable token', () => {
    const key = (byte: number): Partial<TokenCacheOptions> => ({
      encryption: { keys: [{ id: `key-${byte}`, key: Buffer.alloc(32, byte) }] },
    });

    it('is replaced by one mint of all who cannot read it', async () => {
      await replica(key(1)).getToken('billing');
      const fleet = [1, 2, 3, 4, 5].map(() => replica(key(2)));
      const release = source.hold();
      const all = Promise.all(fleet.map((tokens) => tokens.getToken('billing')));
      await pass(100);
      release();
      await pass(3 * SECOND);
      await all;
      expect(source.calls).toHaveLength(2);
    });

    it('is replaced once although a process saw it before its replacement and asked again after it', async () => {
      await replica(key(1)).getToken('billing');
      const late = accessToken(replica(key(2), slow(shared, { requests: { acquire: 100 } })));
      await pass(150);
      expect(await accessToken(replica(key(2)))).toBe('fake-token-2');
      await pass(50);
      expect(await late).toBe('fake-token-2');
      expect(source.calls).toHaveLength(2);
    });

    it('that came after the lease of a late holder costs its callers one more mint', async () => {
      const late = accessToken(
        replica(
          { ...key(2), storeTimeoutMs: HOUR, waitTimeoutMs: HOUR },
          slow(shared, { requests: { renew: HOUR, commit: 20 * SECOND } }),
        ),
      );
      await pass(16 * SECOND);
      await replica(key(1)).getToken('billing');
      await pass(60 * SECOND);
      expect(await late).toBe('fake-token-3');
      expect(source.calls).toHaveLength(3);
    });

    it('does not keep callers from hearing of a cool-down at once', async () => {
      await replica(key(1)).getToken('billing');
      source.failure = new TokenSourceRejectedError('no');
      await settled(replica(key(2)).getToken('billing'));
      expect(await settled(replica(key(2)).getToken('billing'))).toMatchObject({
        reason: { code: 'TOKEN_SOURCE_REJECTED' },
      });
    });

    it('is waited for although nobody can say whether its replacement failed', async () => {
      await replica(key(1)).getToken('billing');
      const release = source.hold();
      void settled(replica(key(2)).getToken('billing'));
      await pass(10);
      const store = flaky();
      store.fault = (operation) => (operation === 'peek' ? 'reject' : undefined);
      const waiting = accessToken(replica(key(2), store));
      await pass(10);
      release();
      await pass(SECOND);
      expect(await waiting).toBe('fake-token-2');
    });

    it('is none of our business while we hold a valid one, so that a mixed fleet does not mint at every call', async () => {
      const [ours, theirs] = [1, 2].map((byte) => replica({ ...key(byte), nearCache: false }));
      for (let call = 0; call < 10; call++) {
        expect(await accessToken(ours!)).toBe('fake-token-1');
        expect(await accessToken(theirs!)).toBe('fake-token-2');
      }
      expect(source.calls).toHaveLength(2);
    });
  });

  describe('a rejected token', () => {
    /** A source that has but one token to give. */
    function stubborn(): TokenSource & { mint: jest.Mock } {
      const mint = jest.fn(async () => ({ accessToken: 'the-only-one', expiresInMs: HOUR }));
      return { ...tokenSource('stubborn', mint), mint };
    }

    it('is served after all when the source gives it again, and not minted at every call', async () => {
      const only = stubborn();
      const tokens = replica({ integrations: { billing: { source: only } } }, silent(shared));
      await tokens.invalidate(await tokens.getToken('billing'));
      await callEvery(SECOND, 10, tokens);
      expect(await accessToken(tokens)).toBe('the-only-one');
      expect(only.mint).toHaveBeenCalledTimes(2);
    });

    it('that the source gives again is minted once for each replica that rejected it', async () => {
      const only = stubborn();
      const [a, b] = [1, 2].map(() => replica({ integrations: { billing: { source: only } } }));
      const [first, second] = [await a!.getToken('billing'), await b!.getToken('billing')];
      await a!.invalidate(first);
      await b!.invalidate(second);
      for (let round = 0; round < 10; round++) {
        await callEvery(SECOND, 1, a!);
        await callEvery(SECOND, 1, b!);
      }
      expect(only.mint.mock.calls.length).toBeLessThanOrEqual(3);
    });

    describe.each<[string, (tokens: TokenService, rejected: Token) => unknown]>([
      ['here', (tokens, rejected) => tokens.invalidate(rejected)],
      [
        'elsewhere',
        (tokens, { keyId, generation }) => {
          void shared.invalidate(keyId, generation);
          tokens['wakeUps'].deliver({ type: 'invalidated', keyId, fence: generation });
        },
      ],
    ])('%s', (_where, reject) => {
      it.each(STEPS)(
        'is given to nobody who asks after that, %i steps after the store gave it to others',
        async (steps) => {
          const rejected = await replica().getToken('billing');
          const tokens = replica({ nearCache: false });
          void settled(tokens.getToken('billing'));
          for (let step = 0; step < steps; step++) await Promise.resolve();
          void reject(tokens, rejected);
          expect(await accessToken(tokens)).toBe('fake-token-2');
        },
      );
    });

    it('is remembered, although an older one is reported after it', async () => {
      const store = flaky();
      const tokens = replica({}, store);
      const first = await tokens.getToken('billing');
      await tokens.invalidate(first);
      const second = await tokens.getToken('billing');
      store.fault = (operation) => (operation === 'invalidate' ? 'reject' : undefined);
      await tokens.invalidate(second);
      await tokens.invalidate(first);
      store.fault = () => undefined;
      expect(await accessToken(tokens)).toBe('fake-token-3');
    });

    it.each([
      ['was being shared', { replies: { commit: 100 } }, []],
      ['could not be shared', { requests: { commit: 100 } }, ['commit']],
    ])('stays rejected although it %s just then', async (_what, delays, failing: string[]) => {
      const store = flaky();
      store.fault = () => 'reject';
      const tokens = replica({}, slow(store, delays));
      const local = await tokens.getToken('billing');
      store.fault = (operation) => (failing.includes(operation) ? 'reject' : undefined);
      await pass(2 * SECOND);
      await tokens.getToken('billing');
      await pass(50);
      await tokens.invalidate(local);
      await pass(200);
      const next = accessToken(tokens);
      // The lease of an attempt to share it that failed must lapse.
      await pass(5 * SECOND);
      expect(await next).toBe('fake-token-2');
    });

    it('is not given to those who waited when another process rejects it before the minter hears that it is shared', async () => {
      const token = accessToken(replica({}, slow(shared, { replies: { commit: 300 } })));
      await pass(100);
      const other = replica();
      await other.invalidate(await other.getToken('billing'));
      await pass(SECOND);
      expect(await token).toBe('fake-token-2');
    });

    it('leaves the store under whatever generation it was shared', async () => {
      const store = flaky();
      store.fault = () => 'reject';
      const tokens = replica({}, store);
      const local = await tokens.getToken('billing');
      store.fault = () => undefined;
      await pass(2 * SECOND);
      await tokens.getToken('billing');
      await pass(10);
      expect(await tokens.invalidate(local)).toBe(true);
      expect(await accessToken(replica())).toBe('fake-token-2');
    });

    it('is not brought back by a replica that still holds it when its successor ended first', async () => {
      const [a, b] = [1, 2].map(() => replica({ refreshWindowMs: 0 }, silent(shared)));
      await a!.getToken('billing');
      await b!.invalidate(await b!.getToken('billing'));
      source.answer = { expiresInMs: 10 * SECOND };
      expect(await accessToken(b!)).toBe('fake-token-2');
      await pass(10 * SECOND);
      expect(await accessToken(a!)).toBe('fake-token-3');
    });
  });

  describe('a token that could not be shared', () => {
    it('is not given up for one that ends sooner and is being refreshed', async () => {
      source.answer = { expiresInMs: 20 * SECOND };
      const { keyId } = await replica().getToken('billing');
      const store = flaky();
      store.fault = () => 'reject';
      source.answer = { expiresInMs: HOUR };
      const tokens = replica({}, store);
      expect(await accessToken(tokens)).toBe('fake-token-2');
      await shared.acquire(keyId, { nonce: 'another', leaseMs: HOUR, needMs: HOUR });
      store.fault = () => undefined;
      await callEvery(1_100, 3, tokens);
      expect(await accessToken(tokens)).toBe('fake-token-2');
    });

    it('has the generation that the store would have given it', async () => {
      const store = flaky();
      store.fault = () => 'reject';
      expect((await replica({}, store).getToken('billing')).generation).toBe(Date.now() * 1_000);
    });

    it.each(STEPS)(
      'is given to nobody who asks after a purge that was heard %i steps after the answer of the source',
      async (steps) => {
        const store = flaky();
        store.fault = () => 'reject';
        const tokens = replica({}, store);
        const release = source.hold();
        void settled(tokens.getToken('billing'));
        await pass(10);
        release();
        for (let step = 0; step < steps; step++) await Promise.resolve();
        tokens['wakeUps'].deliver({ type: 'purged', keyId: tokens['keys'].of('billing').id, fence: 1 });
        await tokens.getToken('billing');
        expect(source.calls).toHaveLength(2);
      },
    );

    it('is given to nobody when it was purged meanwhile', async () => {
      const store = flaky();
      store.fault = (operation) => (operation === 'commit' ? 'reject' : undefined);
      const token = accessToken(replica({}, slow(store, { requests: { commit: 100 } })));
      await pass(50);
      await replica().purge('billing');
      await pass(SECOND);
      expect(await token).toBe('fake-token-2');
    });

    it.each(STEPS)(
      'is given to nobody who asks after an invalidation that was heard %i steps after the answer of the source',
      async (steps) => {
        const store = flaky();
        store.fault = (operation) => (operation === 'commit' ? 'reject' : undefined);
        const tokens = replica({}, store);
        const release = source.hold();
        void settled(tokens.getToken('billing'));
        await pass(10);
        release();
        for (let step = 0; step < steps; step++) await Promise.resolve();
        const { id: keyId } = tokens['keys'].of('billing');
        tokens['wakeUps'].deliver({ type: 'invalidated', keyId, fence: Number.MAX_SAFE_INTEGER });
        void settled(tokens.getToken('billing'));
        await pass(10 * SECOND);
        expect(source.calls).toHaveLength(2);
      },
    );

    it('stays when the one that the others share is rejected', async () => {
      const other = replica();
      const rejected = await other.getToken('billing');
      const store = flaky();
      store.fault = () => 'reject';
      const tokens = replica({}, store);
      expect(await accessToken(tokens)).toBe('fake-token-2');
      await other.invalidate(rejected);
      await pass(10);
      expect(await accessToken(tokens)).toBe('fake-token-2');
    });

    it('does not take the place of one that lives longer', async () => {
      let release = (): void => {};
      const slow = new Promise<void>((resolve) => (release = resolve));
      let mints = 0;
      const dawdling = tokenSource('dawdling', async () => {
        const number = ++mints;
        if (number === 2) await slow;
        return { accessToken: `token-${number}`, expiresInMs: 20 * SECOND };
      });
      const store = flaky();
      const tokens = replica({ integrations: { billing: { source: dawdling } } }, store);
      await callEvery(SECOND, 15, tokens);
      expect(mints).toBe(2);
      store.fault = () => 'reject';
      await callEvery(SECOND, 5, tokens);
      expect(await accessToken(tokens)).toBe('token-3');
      release();
      await pass(SECOND);
      expect(await accessToken(tokens)).toBe('token-3');
      await callEvery(SECOND, 12, tokens);
      expect(await accessToken(tokens)).toBe('token-3');
    });

    it('goes when another replica invalidates it, although only the reply to its commit was lost', async () => {
      const store = flaky();
      store.fault = (operation) => (operation === 'commit' ? 'lose-reply' : undefined);
      const a = replica({}, store);
      const first = a.getToken('billing');
      await pass(600);
      await first;
      store.fault = () => undefined;
      const b = replica();
      await b.invalidate(await b.getToken('billing'));
      await pass(10);
      await callEvery(1_100, 30, a);
      expect(await accessToken(a)).toBe('fake-token-2');
      expect(store.calls.filter((operation) => operation === 'commit').length).toBeLessThan(4);
    });

    it('goes when a purge was missed while it was minted', async () => {
      const store = channelled(shared);
      const tokens = replica({}, store);
      store.up();
      const release = source.hold();
      const first = accessToken(tokens);
      await pass(10);
      store.down();
      store.fault = () => 'reject';
      release();
      expect(await first).toBe('fake-token-1');
      await replica().purge('billing');
      store.fault = () => undefined;
      store.up();
      await callEvery(1_100, 10, tokens);
      expect(await accessToken(tokens)).toBe('fake-token-2');
    });

    it('is not published over a purge that was missed', async () => {
      const store = channelled(shared);
      store.fault = () => 'reject';
      const [a, b] = [replica({}, store), replica()];
      expect(await accessToken(a)).toBe('fake-token-1');
      await b.purge('billing');
      store.fault = () => undefined;
      store.up();
      await pass(2 * SECOND);
      await a.getToken('billing');
      await pass(10);
      expect(await accessToken(b)).toBe('fake-token-2');
    });
  });

  describe('failures', () => {
    it('cool down for longer each time, although the source throws the same error object', async () => {
      source.failure = new TokenSourceUnavailableError('down');
      await callEvery(SECOND, 60, replica({ random: () => 0.999 }));
      expect(source.calls.length).toBeLessThan(8);
    });

    it('are remembered by the process that saw them while the store cannot take them', async () => {
      const store = flaky();
      store.fault = (operation) => (operation === 'fail' ? 'reject' : undefined);
      source.failure = new TokenSourceRejectedError('no');
      const tokens = replica({}, store);
      for (let second = 0; second < 29; second++) {
        void settled(tokens.getToken('billing'));
        await pass(SECOND);
      }
      expect(source.calls).toHaveLength(1);
    });

    it('without the store hold off the refresh of a token that another replica minted meanwhile', async () => {
      const store = flaky();
      const tokens = replica({}, store);
      store.fault = () => 'reject';
      source.failure = new TokenSourceRejectedError('no');
      await settled(tokens.getToken('billing'));
      store.fault = () => undefined;
      delete source.failure;
      source.answer = { expiresInMs: 20 * SECOND };
      await replica().getToken('billing');
      await callEvery(SECOND, 17, tokens);
      expect(source.calls).toHaveLength(2);
    });

    it('without the store are forgotten after a success with the store', async () => {
      const store = flaky();
      const tokens = replica({ random: () => 0.999 }, store);
      source.failure = new TokenSourceUnavailableError('down');
      store.fault = () => 'reject';
      await callEvery(31 * SECOND, 5, tokens);
      delete source.failure;
      store.fault = () => undefined;
      await tokens.getToken('billing');
      await pass(HOUR);
      source.failure = new TokenSourceUnavailableError('down');
      store.fault = () => 'reject';
      expect(await settled(tokens.getToken('billing'))).toMatchObject({ reason: { retryAfterMs: 999 } });
    });

    it('of the source during a shutdown cool down like any other', async () => {
      const [a, b] = [replica(), replica()];
      const release = source.hold();
      void settled(a.getToken('billing'));
      await pass(10);
      void a.onApplicationShutdown();
      source.failure = new TokenSourceRejectedError('no');
      release();
      await pass(10);
      await settled(b.getToken('billing'));
      expect(source.calls).toHaveLength(1);
    });

    it('are no longer the last error once a refresh worked', async () => {
      const tokens = replica();
      await tokens.getToken('billing');
      await pass(REFRESH_AT);
      source.failure = new TokenSourceUnavailableError('down');
      await callEvery(2 * SECOND, 1, tokens);
      expect(await tokens.status('billing')).toHaveProperty('lastErrorCode');
      delete source.failure;
      await callEvery(2 * SECOND, 1, tokens);
      expect(await accessToken(tokens)).toBe('fake-token-3');
      expect(await tokens.status('billing')).not.toHaveProperty('lastErrorCode');
    });
  });

  describe('waiting', () => {
    it('becomes polling at the moment the channel goes down', async () => {
      const policy = { leaseMs: 10 * SECOND, waitTimeoutMs: 30 * SECOND };
      const store = channelled(shared);
      const [holder, waiter] = [replica(policy), replica(policy, store)];
      store.up();
      const release = source.hold();
      void holder.getToken('billing');
      await pass(10);
      const token = watched(waiter.getToken('billing'));
      await pass(10);
      store.down();
      release();
      await pass(SECOND);
      expect(token).toEqual({ isSettled: true });
    });

    it('is limited for each caller by itself, the one who came later included', async () => {
      source.hold();
      void settled(replica().getToken('billing'));
      await pass(1);
      const tokens = replica({ mintTimeoutMs: 10 * SECOND });
      const first = settled(tokens.getToken('billing'));
      await pass(9 * SECOND);
      const second = settled(tokens.getToken('billing'));
      await pass(15 * SECOND);
      expect(await first).toMatchObject({ status: 'rejected' });
      expect(await second).toMatchObject({ status: 'rejected' });
    });

    it('for another replica does not hold up a shutdown', async () => {
      source.hold();
      const [holder, waiter] = [replica(), replica()];
      void settled(holder.getToken('billing'));
      await pass(1);
      const waiting = settled(waiter.getToken('billing'));
      await pass(1);
      const closed = watched(waiter.onApplicationShutdown());
      await pass(6_500);
      expect(closed).toEqual({ isSettled: true });
      expect(await waiting).toMatchObject({
        reason: { code: 'TOKEN_STORE_UNAVAILABLE', message: expect.stringContaining('acquire'), cause: SHUTTING_DOWN },
      });
    });

    it('for a replica that died does not begin a mint after the grace of a shutdown', async () => {
      source.hold();
      const dead = flaky();
      const policy = { leaseMs: 6 * SECOND, waitTimeoutMs: 60 * SECOND };
      const [holder, waiter] = [replica(policy, dead), replica(policy)];
      void settled(holder.getToken('billing'));
      await pass(1);
      dead.fault = () => 'hang';
      void settled(waiter.getToken('billing'));
      await pass(1);
      void waiter.onApplicationShutdown();
      await pass(8 * SECOND);
      expect(source.calls).toHaveLength(1);
    });
  });

  describe('purge', () => {
    it('holds against a reply that was on its way: who asks afterwards never gets the purged token', async () => {
      await replica().getToken('billing');
      const tokens = replica({}, slow(silent(shared), { replies: { acquire: 300 } }));
      void tokens.getToken('billing');
      await pass(100);
      await tokens.purge('billing');
      const after = accessToken(tokens);
      await pass(5 * SECOND);
      expect(await after).toBe('fake-token-2');
    });

    it.each([
      ['with the store', {}],
      ['without the store', { fault: 'reject' as const }],
    ])('does not make anybody wait for the mint that it voids, %s', async (_how, { fault }: { fault?: StoreFault }) => {
      const store = new FaultyTokenStore(shared);
      store.fault = (operation) => (operation === 'purge' ? undefined : fault);
      const tokens = replica({}, store);
      source.hold();
      const before = accessToken(tokens);
      await pass(10);
      const release = source.hold();
      await tokens.purge('billing');
      const after = accessToken(tokens);
      release();
      await pass(0);
      expect(await Promise.all([before, after])).toEqual(['fake-token-2', 'fake-token-2']);
      expect(source.calls[0]?.context.signal.aborted).toBe(true);
    });

    describe.each([
      ['the process that sent it', () => slow(silent(shared), { replies: { purge: 300 } })],
      ['a process that hears of it late', () => tardy(shared, 300)],
    ])('in %s', (_which, storeOf) => {
      let token: Promise<string>;
      let release: () => void;

      beforeEach(async () => {
        release = source.hold();
        const tokens = replica({}, storeOf());
        await pass(0);
        void tokens.purge('billing');
        await pass(100);
        token = accessToken(tokens);
        void settled(token);
        await pass(300);
      });

      it('leaves a mint alone that began after it', async () => {
        release();
        expect(await token).toBe('fake-token-1');
        expect(source.calls).toHaveLength(1);
        expect(source.calls[0]?.context.signal.aborted).toBe(false);
      });

      it('excuses no failure of a mint that began after it', async () => {
        source.failure = new TokenSourceRejectedError('no');
        release();
        await expect(token).rejects.toMatchObject({ code: 'TOKEN_SOURCE_REJECTED' });
        expect(source.calls).toHaveLength(1);
      });
    });
  });

  describe('an impatient integration', () => {
    it('does not cut off the others from the store', async () => {
      const hasty = { source: new FakeTokenSource('hasty'), storeTimeoutMs: 5 };
      const tokens = replica(
        { whenStoreUnavailable: 'fail', integrations: { billing: { source }, hasty } },
        slow(shared, { replies: { acquire: 20, commit: 20 } }),
      );
      for (let call = 0; call < 5; call++) {
        void settled(tokens.getToken('hasty'));
        await pass(50);
      }
      const token = settled(tokens.getToken('billing'));
      await pass(200);
      expect(await token).toMatchObject({ status: 'fulfilled' });
    });
  });

  describe('what is seen from outside', () => {
    it('is no lost lease when a renewal comes after the commit', async () => {
      let lost = 0;
      class Losses extends TokenObserver {
        override leaseLost(): void {
          lost++;
        }
      }
      const tokens = replica({}, slow(shared, { requests: { renew: 100 }, replies: { commit: 300 } }));
      tokens.observe(new Losses());
      const release = source.hold();
      const token = tokens.getToken('billing');
      await pass(1_050);
      release();
      await pass(SECOND);
      await token;
      expect(lost).toBe(0);
    });

    it('is one miss for the caller who came after the shutdown', async () => {
      const seen: string[] = [];
      class Recorder extends TokenObserver {
        override hit(): void {
          seen.push('hit');
        }
        override miss(): void {
          seen.push('miss');
        }
      }
      const tokens = replica();
      tokens.observe(new Recorder());
      await tokens.onApplicationShutdown();
      await settled(tokens.getToken('billing'));
      expect(seen).toEqual(['miss']);
    });

    it('is no access token, however deeply the service is inspected', async () => {
      const tokens = replica();
      const token: Token = await tokens.getToken('billing');
      expect(inspect(tokens, { depth: 12 })).not.toContain(token.accessToken);
    });
  });
});

import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import {
  accessToken,
  callEvery,
  channelled,
  type Fleet,
  pass,
  rejectionOf,
  settled,
  silent,
  slow,
  startFleet,
} from '../testing/fleet.spec-support.js';
import { MemoryTokenStore } from './slot/memory-token-store.js';
import { TokenSourceRejectedError } from './contract/token-cache.errors.js';
import { TokenObserver } from './contract/token-observer.js';
import { type TokenCacheOptions } from './config/token-cache.options.js';
import { type Token } from './contract/token.js';
import { type TokenClient } from '../core/token-client.js';

const SECOND = 1_000;
const HOUR = 3_600_000;
const HARD_EXPIRY = HOUR - 30_000;

describe('Acquisition, when the shared token is of no use,', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => ({ shared, source, replica, stop } = startFleet()));
  afterEach(() => stop());

  describe('a store that went back to an earlier state', () => {
    /** What a failover leaves that loses all writes from now on. */
    async function earlierState({ keyId }: Token): Promise<MemoryTokenStore> {
      const { token } = await shared.peek(keyId);
      if (!token) throw new Error('there is no token');
      const earlier = new MemoryTokenStore();
      await earlier.commit(keyId, { nonce: 'any', fence: token.fence, leaseMs: HOUR }, token.payload, token.ttlMs);
      return earlier;
    }

    /** A process that holds a newer token than its store, which has one again that was rejected. */
    async function holderOfTheLost(): Promise<{
      tokens: TokenClient;
      rejected: Token;
      store: FaultyTokenStore;
      earlier: MemoryTokenStore;
    }> {
      const store = silent(shared);
      const tokens = replica({}, store);
      const rejected = await tokens.getToken('billing');
      const earlier = await earlierState(rejected);
      await pass(SECOND);
      await tokens.invalidate(rejected);
      await tokens.getToken('billing');
      Object.assign(store, { inner: earlier });
      return { tokens, rejected, store, earlier };
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
      const { tokens, rejected, earlier } = await holderOfTheLost();
      await earlier.invalidate(rejected.keyId, rejectionOf(rejected.generation));
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
      const refreshed = await earlier.acquire(rejected.keyId, {
        nonce: 'another',
        leaseMs: SECOND,
        minTtlMs: 2 * HOUR,
      });
      expect(refreshed.outcome).toBe('lease');
    });

    it('has its callers served with the newer token by one call', async () => {
      const { tokens, earlier, store } = await holderOfTheLost();
      Object.assign(store, { inner: slow(earlier, { replies: { acquire: 100 } }) });
      const given = jest.fn();
      void accessToken(tokens).then(given);
      await pass(100);
      expect(given).toHaveBeenCalledWith('fake-token-2');
    });

    it('is asked for another token by a caller for whom the newer one ends too soon', async () => {
      source.answer = { expiresInMs: HOUR };
      const store = silent(shared);
      const tokens = replica({}, store);
      const lost = await tokens.getToken('billing');
      const earlier = await earlierState(lost);
      await pass(SECOND);
      await tokens.invalidate(lost);
      source.answer = { expiresInMs: HOUR / 2 };
      await tokens.getToken('billing');
      Object.assign(store, { inner: earlier });
      await pass(HOUR / 4);
      source.answer = { expiresInMs: HOUR };
      const { accessToken: given } = await tokens.getToken('billing', undefined, { minLifeMs: HOUR / 3 });
      expect(given).toBe('fake-token-3');
    });

    it('does not take the newer token from those who hold it while it is refreshed', async () => {
      const { tokens, rejected, earlier } = await holderOfTheLost();
      await earlier.acquire(rejected.keyId, { nonce: 'another', leaseMs: HOUR, minTtlMs: HOUR });
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

    it('is counted once by who replaces it', async () => {
      await replica(key(1)).getToken('billing');
      const tokens = replica(key(2));
      const unreadable = jest.fn();
      tokens.observe(Object.assign(new (class extends TokenObserver {})(), { unreadable }));
      await tokens.getToken('billing');
      expect(unreadable).toHaveBeenCalledTimes(1);
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

    it('that came after the lease of a late holder leaves that process its own token', async () => {
      const late = accessToken(
        replica(
          { ...key(2), storeTimeoutMs: HOUR, waitTimeoutMs: HOUR },
          slow(shared, { requests: { renew: HOUR, commit: 20 * SECOND } }),
        ),
      );
      await pass(16 * SECOND);
      await replica(key(1)).getToken('billing');
      await pass(60 * SECOND);
      expect(await late).toBe('fake-token-1');
      expect(source.calls).toHaveLength(2);
    });

    it('does not keep callers from hearing of a cool-down at once', async () => {
      await replica(key(1)).getToken('billing');
      source.failure = new TokenSourceRejectedError('no');
      await settled(replica(key(2)).getToken('billing'));
      expect(await settled(replica(key(2)).getToken('billing'))).toMatchObject({
        reason: { code: 'TOKEN_SOURCE_REJECTED' },
      });
    });

    it('is waited for while another process replaces it', async () => {
      await replica(key(1)).getToken('billing');
      const release = source.hold();
      void settled(replica(key(2)).getToken('billing'));
      await pass(10);
      const waiting = accessToken(replica(key(2)));
      await pass(10);
      release();
      await pass(SECOND);
      expect(await waiting).toBe('fake-token-2');
    });

    it('is none of our business while we hold a valid one, so that a mixed fleet does not mint at every call', async () => {
      const store = new FaultyTokenStore(shared);
      const ours = replica({ ...key(1), nearCache: false }, store);
      const theirs = replica({ ...key(2), nearCache: false });
      for (let call = 0; call < 10; call++) {
        expect(await accessToken(ours)).toBe('fake-token-1');
        expect(await accessToken(theirs)).toBe('fake-token-2');
      }
      expect(source.calls).toHaveLength(2);
      expect(store.calls.filter((operation) => operation !== 'acquire')).toEqual(['commit']);
    });
  });

  describe('a token that could not be shared', () => {
    it('is not given up for one that ends sooner and is being refreshed', async () => {
      source.answer = { expiresInMs: 20 * SECOND };
      const { keyId } = await replica().getToken('billing');
      const store = new FaultyTokenStore(shared);
      store.fault = () => 'reject';
      source.answer = { expiresInMs: HOUR };
      const tokens = replica({}, store);
      expect(await accessToken(tokens)).toBe('fake-token-2');
      await shared.acquire(keyId, { nonce: 'another', leaseMs: HOUR, minTtlMs: HOUR });
      store.fault = () => undefined;
      await callEvery(1_100, 3, tokens);
      expect(await accessToken(tokens)).toBe('fake-token-2');
    });

    it('counts as minted right after the last fence that its process has seen', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({}, store);
      const { generation } = await tokens.getToken('billing');
      store.fault = () => 'reject';
      await pass(HARD_EXPIRY);
      expect((await tokens.getToken('billing')).generation).toBe(generation + 1);
      await pass(HARD_EXPIRY);
      expect((await tokens.getToken('billing')).generation).toBe(generation + 2);
    });

    it('has a place among the fences after a purge that the store could not be told of', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({}, store);
      const { generation } = await tokens.getToken('billing');
      store.fault = () => 'reject';
      const purged = settled(tokens.purge('billing'));
      await pass(10 * SECOND);
      expect((await purged).status).toBe('rejected');
      expect((await tokens.getToken('billing')).generation).toBe(generation + 1);
    });

    it('comes after a purge that its process was told of, and so is shared later', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({}, store);
      await tokens.getToken('billing');
      await pass(SECOND);
      await replica().purge('billing');
      await pass(0);
      store.fault = () => 'reject';
      expect(await accessToken(tokens)).toBe('fake-token-2');
      store.fault = () => undefined;
      await callEvery(1_100, 3, tokens);
      expect(await accessToken(tokens)).toBe('fake-token-2');
      expect(await accessToken(replica())).toBe('fake-token-2');
      expect(source.calls).toHaveLength(2);
    });

    it('is given to nobody when it was purged meanwhile', async () => {
      const store = new FaultyTokenStore(shared);
      store.fault = (operation) => (operation === 'commit' ? 'reject' : undefined);
      const token = accessToken(replica({}, slow(store, { requests: { commit: 100 } })));
      await pass(50);
      await replica().purge('billing');
      await pass(SECOND);
      expect(await token).toBe('fake-token-2');
    });

    it('is given to nobody when it was purged before the store said that another process mints', async () => {
      const store = new FaultyTokenStore(shared);
      store.fault = (operation) => (operation === 'renew' ? 'hang' : undefined);
      const release = source.hold();
      const token = accessToken(replica({}, slow(store, { replies: { commit: 400 } })));
      await pass(3 * SECOND + 1);
      void settled(replica().getToken('billing'));
      await pass(10);
      release();
      await pass(10);
      await replica().purge('billing');
      store.fault = () => 'reject';
      await pass(SECOND);
      expect(await token).toBe('fake-token-3');
    });

    it('stays when the one that the others share is rejected', async () => {
      const other = replica();
      const rejected = await other.getToken('billing');
      const store = new FaultyTokenStore(shared);
      store.fault = () => 'reject';
      const tokens = replica({}, store);
      expect(await accessToken(tokens)).toBe('fake-token-2');
      await other.invalidate(rejected);
      await pass(10);
      expect(await accessToken(tokens)).toBe('fake-token-2');
    });

    it('goes when another replica invalidates it, although only the reply to its commit was lost', async () => {
      const store = new FaultyTokenStore(shared);
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
});

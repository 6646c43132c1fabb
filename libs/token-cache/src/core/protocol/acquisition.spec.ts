import { inspect } from 'node:util';
import { FakeTokenSource } from '../../testing/fake-token-source.js';
import { FaultyTokenStore } from '../../testing/faulty-token-store.js';
import {
  accessToken,
  callEvery,
  channelled,
  type Delays,
  type Fleet,
  pass,
  settled,
  silent,
  slow,
  startFleet,
} from '../../testing/fleet.spec-support.js';
import { systemClock } from '../contract/clock.js';
import { MemoryTokenStore } from '../slot/memory-token-store.js';
import { TokenSourceRejectedError, TokenSourceUnavailableError } from '../contract/token-cache.errors.js';
import { type TokenCacheOptions } from '../config/token-cache.options.js';
import { TokenObserver } from '../contract/token-observer.js';
import { type Token } from '../contract/token.js';
import { type TokenClient } from '../token-client.js';

const SECOND = 1_000;
const HOUR = 3_600_000;
/** Hard expiry of an hour's token, and where its refresh window begins when jitter is 0. */
const HARD_EXPIRY = HOUR - 30_000;
const REFRESH_AT = HARD_EXPIRY - 300_000;

describe('Acquisition', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => ({ shared, source, replica, stop } = startFleet()));
  afterEach(() => stop());

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
      const store = new FaultyTokenStore(shared);
      const token = accessToken(replica({}, slow(store, { replies: { acquire: 400 } })));
      await pass(2 * SECOND);
      expect(await token).toBe('fake-token-2');
      expect(store.calls).not.toContain('invalidate');
    });

    it('keeps nobody waiting for the lease of a token that ended before its commit was given up', async () => {
      source.answer = { expiresInMs: 200 };
      const store = new FaultyTokenStore(shared);
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
        reason: {
          code: 'TOKEN_RESPONSE_INVALID',
          message:
            'A token for "billing" ended before it could be shared: its life is too short for the store\'s delay. ' +
            'The next call mints again; if it recurs, have the source give tokens a longer life',
        },
      });
    });

    it('is respected by a token that ended while the right to share it was asked for', async () => {
      const store = new FaultyTokenStore(shared);
      const commit = jest.spyOn(shared, 'commit');
      const tokens = replica({ refreshWindowMs: 0, safetyMarginMs: 0 }, slow(store, { replies: { acquire: 300 } }));
      store.fault = () => 'reject';
      source.answer = { expiresInMs: 5 * SECOND };
      await tokens.getToken('billing');
      store.fault = () => undefined;
      await pass(4_900);
      await tokens.getToken('billing');
      await pass(2 * SECOND);
      expect(commit).not.toHaveBeenCalled();
      expect(await accessToken(replica())).toBe('fake-token-2');
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

    it('hears of a token that was stored while the answer that tells it to wait was on its way', async () => {
      const release = source.hold();
      const first = replica().getToken('billing');
      await pass(10);
      const given = jest.fn();
      void replica({}, slow(shared, { replies: { acquire: 100 } }))
        .getToken('billing')
        .then(given);
      await pass(50);
      release();
      await first;
      // Two answers, and far less than the lease.
      await pass(300);
      expect(given).toHaveBeenCalledTimes(1);
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
      const store = new FaultyTokenStore(shared);
      store.fault = () => 'lose-reply';
      const tokens = replica({ whenStoreUnavailable: 'fail' }, store);
      const first = settled(tokens.getToken('billing'));
      await pass(500);
      expect(await first).toMatchObject({ reason: { code: 'TOKEN_STORE_UNAVAILABLE' } });
      store.fault = () => undefined;
      expect(await accessToken(tokens)).toBe('fake-token-1');
    });

    it('gives the token in hand at once when the store has lost it, and shares it again after no purge', async () => {
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
      expect((await next).accessToken).toBe('fake-token-1');
      expect(await accessToken(replica({}, empty))).toBe('fake-token-2');
      expect(await accessToken(tokens)).toBe('fake-token-2');
      expect(source.calls).toHaveLength(2);
    });

    it.each([
      ['just as', 9_700],
      ['before', 9_750],
    ])('shares no token again that ended %s the store was told of it', async (_when, laterMs) => {
      const store = silent(shared);
      const slowly = slow(store, { requests: { commit: 100 } });
      const tokens = replica({ safetyMarginMs: 0, refreshWindowMs: 0, maxLifeMs: 10 * SECOND }, slowly);
      const first = tokens.getToken('billing');
      await pass(200);
      await first;
      await pass(laterMs);
      const empty = new MemoryTokenStore();
      Object.assign(store, { inner: empty });
      const next = tokens.getToken('billing');
      await pass(SECOND);
      expect((await next).accessToken).toBe('fake-token-1');
      expect(await accessToken(replica({}, empty))).toBe('fake-token-2');
      expect(await accessToken(tokens)).toBe('fake-token-2');
    });

    it('shares a token again that is due for its refresh, and refreshes it behind its callers', async () => {
      const store = silent(shared);
      const tokens = replica({}, store);
      await tokens.getToken('billing');
      await pass(REFRESH_AT);
      const empty = new MemoryTokenStore();
      Object.assign(store, { inner: empty });
      expect(await accessToken(tokens)).toBe('fake-token-1');
      await pass(0);
      expect(await accessToken(replica({}, empty))).toBe('fake-token-1');
      await callEvery(SECOND, 2, tokens);
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

    it.each(['reject', 'hang'] as const)(
      'is told of a token that it lost again, after a commit of it met a %s',
      async (fault) => {
        const store = silent(shared);
        const tokens = replica({}, store);
        await tokens.getToken('billing');
        const empty = new MemoryTokenStore();
        Object.assign(store, { inner: empty });
        store.fault = (operation) => (operation === 'commit' ? fault : undefined);
        await tokens.getToken('billing');
        await pass(2 * SECOND);
        store.fault = () => undefined;
        await pass(2 * SECOND);
        expect(await accessToken(replica({}, empty))).toBe('fake-token-1');
      },
    );

    it('is told of the tokens of two requests, whose commits met a fault together', async () => {
      const store = new FaultyTokenStore(shared);
      store.fault = (operation) => (operation === 'commit' ? 'reject' : undefined);
      const tokens = replica({}, slow(store, { requests: { commit: 10 } }));
      const requests = ['a', 'b'].map((tenant) => ({ tenant }));
      const minting = Promise.all(requests.map((request) => tokens.getToken('billing', request)));
      await pass(10);
      await minting;
      store.fault = () => undefined;
      await pass(2 * SECOND);
      await Promise.all(requests.map((request) => replica().getToken('billing', request)));
      expect(source.calls).toHaveLength(2);
    });

    it('does not mint for callers who left while they waited for another process', async () => {
      source.hold();
      const dead = new FaultyTokenStore(shared);
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

  describe('failures', () => {
    it('cool down for longer each time, although the source throws the same error object', async () => {
      source.failure = new TokenSourceUnavailableError('down');
      await callEvery(SECOND, 60, replica({ random: () => 0.999 }));
      expect(source.calls.length).toBeLessThan(8);
    });

    it('are remembered by the process that saw them while the store cannot take them', async () => {
      const store = new FaultyTokenStore(shared);
      store.fault = (operation) => (operation === 'fail' ? 'reject' : undefined);
      source.failure = new TokenSourceRejectedError('no');
      const tokens = replica({}, store);
      for (let second = 0; second < 29; second++) {
        void settled(tokens.getToken('billing'));
        await pass(SECOND);
      }
      expect(source.calls).toHaveLength(1);
    });

    it('of the store alone keep no caller from the token that is on its way to it', async () => {
      const store = new FaultyTokenStore(slow(shared, { replies: { commit: 300 } }));
      const tokens = replica({ whenStoreUnavailable: 'fail' }, store);
      const minting = accessToken(tokens);
      await pass(0);
      store.fault = (operation) => (operation === 'acquire' ? 'reject' : undefined);
      const asking = settled(tokens.getToken('billing', undefined, { minLifeMs: 1 }));
      await pass(300);
      expect(await asking).toMatchObject({ value: { accessToken: await minting } });
    });

    it('without the store hold off the refresh of a token that another replica minted meanwhile', async () => {
      const store = new FaultyTokenStore(shared);
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

    it('without the store bind no other process once the store is back, if they concern their process alone', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({}, store);
      store.fault = () => 'reject';
      source.failure = new TokenSourceRejectedError('no');
      await settled(tokens.getToken('billing'));
      store.fault = () => undefined;
      await settled(tokens.getToken('billing'));
      expect(source.calls).toHaveLength(1);
      delete source.failure;
      expect(await accessToken(replica())).toBe('fake-token-2');
    });

    it('without the store are forgotten after a success with the store', async () => {
      const store = new FaultyTokenStore(shared);
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

    it('that a refused caller is told of hold off no other, who may have been given a new token since', async () => {
      const [tokens, other] = [replica({ nearCache: false }, channelled(shared)), replica()];
      const refused = await tokens.getToken('billing');
      source.failure = new TokenSourceRejectedError('no', { oauthError: 'invalid_scope' });
      for (const told of [other, tokens]) {
        const { supply } = told['parts'];
        expect(await supply.replace(told['keys'].of('billing'), refused)).toBeUndefined();
      }
      delete source.failure;
      await other.purge('billing');
      expect(await accessToken(other)).toBe('fake-token-3');
      expect(await accessToken(tokens)).toBe('fake-token-3');
    });

    it('of the source during a shutdown cool down like any other', async () => {
      const [a, b] = [replica(), replica()];
      const release = source.hold();
      void settled(a.getToken('billing'));
      await pass(10);
      void a.close();
      source.failure = new TokenSourceUnavailableError('down');
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
      expect((await tokens.status('billing')).lastErrorCode).toBeUndefined();
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
      const closed = watched(waiter.close());
      await pass(6_500);
      expect(closed).toEqual({ isSettled: true });
      expect(await waiting).toMatchObject({
        reason: {
          code: 'TOKEN_STORE_UNAVAILABLE',
          message: expect.stringContaining('The client is closed, so the token store is not asked to "acquire"'),
          cause: new Error('The application shuts down'),
        },
      });
    });

    it('for another replica does not begin after the grace of a shutdown, though the store told of it so late', async () => {
      const requests: Delays = {};
      const store = new FaultyTokenStore(slow(shared, { requests }));
      const tokens = replica({ storeTimeoutMs: 10 * SECOND, waitTimeoutMs: 60 * SECOND }, store);
      const rejected = await tokens.getToken('billing');
      store.fault = (operation) => (operation === 'invalidate' ? 'reject' : undefined);
      await tokens.invalidate(rejected);
      store.fault = () => undefined;
      requests.invalidate = 6 * SECOND;
      await shared.acquire(rejected.keyId, { nonce: 'another', leaseMs: 60 * SECOND, minTtlMs: 2 * HOUR });
      void settled(tokens.getToken('billing'));
      const closed = watched(tokens.close());
      await pass(7 * SECOND);
      expect(closed).toEqual({ isSettled: true });
    });

    it('for a replica that died does not begin a mint after the grace of a shutdown', async () => {
      source.hold();
      const dead = new FaultyTokenStore(shared);
      const policy = { leaseMs: 6 * SECOND, waitTimeoutMs: 60 * SECOND };
      const [holder, waiter] = [replica(policy, dead), replica(policy)];
      void settled(holder.getToken('billing'));
      await pass(1);
      dead.fault = () => 'hang';
      void settled(waiter.getToken('billing'));
      await pass(1);
      void waiter.close();
      await pass(8 * SECOND);
      expect(source.calls).toHaveLength(1);
    });
  });

  describe('a process that has as many token requests open as it may', () => {
    let store: FaultyTokenStore;
    let tokens: TokenClient;
    let leaveThePlace: () => void;
    let restart: (options?: Partial<TokenCacheOptions>) => TokenClient;

    beforeEach(() => {
      store = silent(shared);
      const stuck = Object.assign(new FakeTokenSource('stuck'), { provider: source.identity });
      leaveThePlace = stuck.hold();
      const integrations = { billing: { source }, stuck: { source: stuck } };
      restart = (options) => (tokens = replica({ maxOpenMints: 1, integrations, ...options }, store));
      restart();
    });

    /** Takes the only place until it is left, or the mint runs out of time. */
    async function takeThePlace(): Promise<void> {
      void settled(tokens.getToken('stuck'));
      await pass(10);
    }

    it('gives the token in hand at once, although the store has lost it', async () => {
      await tokens.getToken('billing');
      await takeThePlace();
      const empty = new MemoryTokenStore();
      Object.assign(store, { inner: empty });
      expect(await accessToken(tokens)).toBe('fake-token-1');
      await pass(10);
      expect(await accessToken(replica({}, empty))).toBe('fake-token-1');
    });

    it('holds no lease while it waits for its turn to replace a token in hand that turned out to be purged', async () => {
      await tokens.getToken('billing');
      await takeThePlace();
      const other = replica();
      await other.purge('billing');
      const next = accessToken(tokens);
      await pass(10);
      expect(await accessToken(other)).toBe('fake-token-2');
      await pass(SECOND);
      expect(await next).toBe('fake-token-2');
    });

    it('gives the token that another process minted meanwhile', async () => {
      await takeThePlace();
      const waiting = accessToken(tokens);
      await pass(10);
      await replica().getToken('billing');
      await pass(SECOND);
      expect(await waiting).toBe('fake-token-1');
      expect(source.calls).toHaveLength(1);
    });

    it('hears of a cool-down that began meanwhile, unless it binds another process alone', async () => {
      await takeThePlace();
      const waiting = settled(tokens.getToken('billing'));
      const state = watched(waiting);
      source.failure = new TokenSourceRejectedError('no');
      await settled(replica().getToken('billing'));
      await pass(2 * SECOND);
      expect(state.isSettled).toBe(false);
      await settled(replica().getToken('billing'));
      await pass(SECOND);
      expect(state.isSettled).toBe(true);
      expect(await waiting).toMatchObject({ reason: { code: 'TOKEN_SOURCE_REJECTED' } });
    });

    it('gives the token that another process shares as the successor of the one in hand', async () => {
      await tokens.getToken('billing');
      await pass(REFRESH_AT);
      const other = replica();
      await other.getToken('billing');
      await pass(0);
      await takeThePlace();
      expect(await accessToken(tokens)).toBe('fake-token-2');
    });

    it('has a refused caller wait for its turn, though the store has the token that it was refused with', async () => {
      const refused = await tokens.getToken('billing');
      await takeThePlace();
      const other = tokens['parts'].supply.replace(tokens['keys'].of('billing'), refused);
      await pass(10);
      leaveThePlace();
      await pass(0);
      expect((await other)?.accessToken).toBe('fake-token-2');
    });

    it.each([
      ['less', 1],
      // It ends too soon by the time that the answer is there.
      ['exactly so much', 0],
    ])('looks once for a caller that needs a token for longer, of which %s is left', async (_left, missingMs) => {
      await replica().getToken('billing');
      await pass(HOUR / 2);
      await takeThePlace();
      Object.assign(store, { inner: slow(shared, { replies: { peek: 1 } }) });
      store.calls.length = 0;
      const minLifeMs = HARD_EXPIRY - HOUR / 2 - 10 + missingMs;
      const asking = tokens.getToken('billing', undefined, { minLifeMs });
      await pass(10);
      expect(store.calls).toEqual(['peek']);
      leaveThePlace();
      await pass(0);
      expect((await asking).accessToken).toBe('fake-token-2');
    });

    it('leaves no timer behind when its turn has come', async () => {
      await takeThePlace();
      const waiting = accessToken(tokens);
      await pass(10);
      leaveThePlace();
      await pass(0);
      expect(await waiting).toBe('fake-token-1');
      expect(jest.getTimerCount()).toBe(0);
    });

    it('says that the store does not answer, where the token in hand ended while it was asked', async () => {
      restart({ whenStoreUnavailable: 'fail' });
      await tokens.getToken('billing');
      await pass(HARD_EXPIRY - 100);
      await takeThePlace();
      store.fault = () => 'hang';
      const asking = settled(tokens.getToken('billing'));
      await pass(SECOND);
      expect(await asking).toMatchObject({ reason: { code: 'TOKEN_STORE_UNAVAILABLE' } });
    });

    it('lets go of the store and of its turn when the store fails', async () => {
      await takeThePlace();
      store.fault = (operation) => (operation === 'peek' ? 'reject' : undefined);
      const waiting = accessToken(tokens);
      await pass(10 * SECOND);
      expect(await waiting).toBe('fake-token-1');
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
      await tokens.close();
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

import { inspect } from 'node:util';
import { FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import { type Fleet, pass, settled, silent, slow, startFleet } from '../testing/fleet.spec-support.js';
import { MemoryTokenStore } from './slot/memory-token-store.js';
import {
  TokenSourceRejectedError,
  TokenSourceUnavailableError,
  TokenStoreUnavailableError,
  TokenWaitTimeoutError,
} from './contract/token-cache.errors.js';
import { TokenObserver } from './contract/token-observer.js';
import { type Token } from './contract/token.js';
import { type TokenClient } from './token-client.js';

const HOUR = 3_600_000;
/** Where the refresh window of an hour's token begins when jitter is 0: life - margin - window. */
const REFRESH_AT = HOUR - 30_000 - 300_000;
const HARD_EXPIRY = HOUR - 30_000;

describe('TokenClient', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => ({ shared, source, replica, stop } = startFleet()));
  afterEach(() => stop());

  describe('minting once', () => {
    it('asks the source once for fifty concurrent callers on two replicas', async () => {
      const [a, b] = [replica(), replica()];
      const release = source.hold();
      const all = Promise.all([a, b].flatMap((tokens) => Array.from({ length: 50 }, () => tokens.getToken('billing'))));
      await pass(100);
      release();
      await pass(100);
      expect(new Set((await all).map((token) => token.accessToken))).toEqual(new Set(['fake-token-1']));
      expect(source.calls).toHaveLength(1);
    });

    it('gives a token that another replica minted before', async () => {
      const first = await replica().getToken('billing');
      const second = await replica().getToken('billing');
      expect(second.accessToken).toBe(first.accessToken);
      expect(second.generation).toBe(first.generation);
    });

    it('asks the store once and then serves from the near cache', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({}, store);
      await tokens.getToken('billing');
      for (let call = 0; call < 10; call++) await tokens.getToken('billing');
      expect(store.calls).toEqual(['acquire', 'commit']);
    });

    it('asks the store every time when the near cache is off', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({ nearCache: false }, store);
      for (let call = 0; call < 3; call++) await tokens.getToken('billing');
      expect(store.calls).toEqual(['acquire', 'commit', 'acquire', 'acquire']);
      expect(source.calls).toHaveLength(1);
    });

    it('keeps the lease of a source that is slower than the lease', async () => {
      const [a, b] = [replica({ leaseMs: 300 }), replica({ leaseMs: 300 })];
      const release = source.hold();
      const both = Promise.all([a.getToken('billing'), b.getToken('billing')]);
      await pass(5_000);
      expect(source.calls).toHaveLength(1);
      release();
      await pass(100);
      expect(new Set((await both).map((token) => token.accessToken)).size).toBe(1);
    });

    it('replaces a holder that died, within the lease and a little', async () => {
      const dead = new FaultyTokenStore(shared);
      const release = source.hold();
      void settled(replica({ leaseMs: 3_000 }, dead).getToken('billing'));
      await pass(10);
      dead.fault = () => 'hang';
      const successor = replica({ leaseMs: 3_000 }).getToken('billing');
      await pass(2_900);
      expect(source.calls).toHaveLength(1);
      release();
      await pass(200);
      expect((await successor).accessToken).toBe('fake-token-2');
    });

    it('lets a holder that was paused past its lease take the newer token and never overwrite it', async () => {
      const paused = new FaultyTokenStore(shared);
      const release = source.hold();
      const late = replica({ leaseMs: 300 }, paused).getToken('billing');
      await pass(10);
      paused.fault = (operation) => (operation === 'renew' ? 'hang' : undefined);
      const successor = new FakeTokenSource();
      successor.answer = { expiresInMs: HOUR };
      const other = replica({ leaseMs: 300, integrations: { billing: { source: successor } } });
      await pass(400);
      expect((await other.getToken('billing')).accessToken).toBe('fake-token-1');
      expect(successor.calls).toHaveLength(1);
      release();
      await pass(10);
      expect((await late).generation).toBe((await other.getToken('billing')).generation);
    });

    it('keeps tokens of different requests apart and those of equal requests together', async () => {
      const tokens = replica();
      const token = async (request: Parameters<TokenClient['getToken']>[1]): Promise<string> =>
        (await tokens.getToken('billing', request)).accessToken;
      const base = await token({ scope: 'b a', tenant: 't' });
      expect(await token({ scope: ['a', 'b', 'a'], tenant: 't' })).toBe(base);
      const others = await Promise.all([
        token({ scope: 'a', tenant: 't' }),
        token({ scope: 'a b' }),
        token({ scope: 'a b', subject: 't' }),
        token({ scope: 'a b', audience: 't' }),
        token({ scope: 'a b', resource: 't' }),
        token({ scope: 'a b', tenant: 't"' }),
      ]);
      expect(new Set([base, ...others]).size).toBe(7);
    });

    it('commits once although the reply to the first commit was lost', async () => {
      const store = new FaultyTokenStore(shared);
      let lost = false;
      store.fault = (operation) => (operation === 'commit' && !lost ? ((lost = true), 'lose-reply') : undefined);
      const tokens = replica({}, store);
      const first = tokens.getToken('billing');
      await pass(600);
      const { generation } = await first;
      await pass(2_000);
      await tokens.getToken('billing');
      await pass(10);
      expect((await replica().getToken('billing')).generation).toBe(generation);
      expect(source.calls).toHaveLength(1);
    });
  });

  describe('the life of a token', () => {
    it('is refreshed by one replica in the background while all are served the valid one', async () => {
      const [a, b] = [replica(), replica()];
      await a.getToken('billing');
      await b.getToken('billing');
      await pass(REFRESH_AT);
      const release = source.hold();
      expect((await a.getToken('billing')).accessToken).toBe('fake-token-1');
      expect((await b.getToken('billing')).accessToken).toBe('fake-token-1');
      await pass(10);
      expect(source.calls).toHaveLength(2);
      release();
      await pass(1_100);
      await b.getToken('billing');
      await pass(10);
      expect((await a.getToken('billing')).accessToken).toBe('fake-token-2');
      expect((await b.getToken('billing')).accessToken).toBe('fake-token-2');
      expect(source.calls).toHaveLength(2);
    });

    it('goes on to its end when the refresh fails, and the failure is counted but not seen', async () => {
      const failures: string[] = [];
      const tokens = replica();
      tokens.observe(
        new (class extends TokenObserver {
          override refreshFailed(_: string, code: string): void {
            failures.push(code);
          }
        })(),
      );
      await tokens.getToken('billing');
      await pass(REFRESH_AT);
      source.failure = new TokenSourceUnavailableError('down');
      for (let second = 0; second < 299; second++) {
        expect((await tokens.getToken('billing')).accessToken).toBe('fake-token-1');
        await pass(1_000);
      }
      expect(failures[0]).toBe('TOKEN_SOURCE_UNAVAILABLE');
      expect(source.calls.length).toBeGreaterThan(1);
      await pass(2_000);
      await expect(tokens.getToken('billing')).rejects.toMatchObject({ code: 'TOKEN_SOURCE_UNAVAILABLE' });
    });

    it('never reaches a caller past hard expiry', async () => {
      const tokens = replica({ refreshWindowMs: 0 });
      await tokens.getToken('billing');
      await pass(HARD_EXPIRY - 1);
      expect((await tokens.getToken('billing')).accessToken).toBe('fake-token-1');
      await pass(1);
      expect((await tokens.getToken('billing')).accessToken).toBe('fake-token-2');
    });

    it('is counted from before the request for it was sent', async () => {
      const tokens = replica({ refreshWindowMs: 0 });
      const release = source.hold();
      const first = tokens.getToken('billing');
      await pass(5_000);
      release();
      await first;
      await pass(HARD_EXPIRY - 5_000);
      expect((await tokens.getToken('billing')).accessToken).toBe('fake-token-2');
    });

    it('is an error, with a cool-down, when it ended before the token arrived', async () => {
      const tokens = replica();
      source.answer = { expiresInMs: 1_000 };
      const release = source.hold();
      const token = settled(tokens.getToken('billing'));
      await pass(2_000);
      release();
      await pass(0);
      expect(await token).toMatchObject({ status: 'rejected', reason: { code: 'TOKEN_RESPONSE_INVALID' } });
    });
  });

  describe('a failing source', () => {
    it.each([
      ['once per cool-down by the whole fleet when it fails', 'invalid_scope', 1],
      ['by two processes per cool-down when it refuses credentials, which one of them may have out of date', 'invalid_client', 2],
    ])('is asked %s, and every process hears the same code', async (_how, oauthError, calls) => {
      source.failure = new TokenSourceRejectedError('no', { oauthError });
      const fleet = [replica(), replica(), replica()];
      for (let second = 0; second < 30; second++) {
        const results = await Promise.allSettled(fleet.map((tokens) => tokens.getToken('billing')));
        for (const result of results) {
          expect(result).toMatchObject({ reason: { code: 'TOKEN_SOURCE_REJECTED', oauthError } });
        }
        await pass(999);
      }
      expect(source.calls).toHaveLength(calls);
      delete source.failure;
      await pass(1_000);
      expect((await fleet[1]!.getToken('billing')).accessToken).toBe(`fake-token-${calls + 1}`);
    });

    it('tells callers how long it wants to be left alone', async () => {
      source.failure = new TokenSourceUnavailableError('busy', { retryAfterMs: 7_000 });
      const [a, b] = [replica(), replica()];
      await expect(a.getToken('billing')).rejects.toMatchObject({ retryAfterMs: 7_000 });
      await pass(2_000);
      await expect(b.getToken('billing')).rejects.toMatchObject({ retryAfterMs: 5_000 });
    });

    it('wakes those who wait on other replicas', async () => {
      const release = source.hold();
      const [first, second] = [replica(), replica()].map((tokens) => settled(tokens.getToken('billing')));
      await pass(100);
      source.failure = new TokenSourceUnavailableError('down');
      release();
      await pass(10);
      expect(await first).toMatchObject({ reason: { code: 'TOKEN_SOURCE_UNAVAILABLE' } });
      expect(await second).toMatchObject({ reason: { code: 'TOKEN_SOURCE_UNAVAILABLE' } });
      expect(source.calls).toHaveLength(1);
    });

    it('that throws anything at all becomes TOKEN_SOURCE_UNAVAILABLE with the cause kept', async () => {
      const cause = new TypeError('fetch failed');
      source.failure = cause;
      await expect(replica().getToken('billing')).rejects.toMatchObject({ code: 'TOKEN_SOURCE_UNAVAILABLE', cause });
    });

    it('that never answers is aborted after mintTimeoutMs', async () => {
      source.hold();
      const token = settled(replica({ mintTimeoutMs: 2_000 }).getToken('billing'));
      await pass(2_000);
      expect(await token).toMatchObject({ reason: { code: 'TOKEN_SOURCE_UNAVAILABLE' } });
      expect(source.calls[0]!.context.signal.aborted).toBe(true);
    });

    it.each(['', 'with space', 'line\r\nbreak', undefined, 42])(
      'that gives %p as a token is refused',
      async (value) => {
        const odd = { identity: 'odd', mint: async () => ({ accessToken: value as string }) };
        const tokens = replica({ integrations: { billing: { source: odd } } });
        await expect(tokens.getToken('billing')).rejects.toMatchObject({ code: 'TOKEN_RESPONSE_INVALID' });
      },
    );
  });

  describe('callers', () => {
    it('leave on their own signal without disturbing the others or the mint', async () => {
      const tokens = replica();
      const release = source.hold();
      const leader = new AbortController();
      const first = settled(tokens.getToken('billing', undefined, { signal: leader.signal }));
      const second = tokens.getToken('billing');
      await pass(10);
      leader.abort(new Error('the client went away'));
      expect(await first).toMatchObject({ reason: { message: 'the client went away' } });
      release();
      expect((await second).accessToken).toBe('fake-token-1');
    });

    it('who all left still have their token minted and shared', async () => {
      const release = source.hold();
      const caller = new AbortController();
      const gone = settled(replica().getToken('billing', undefined, { signal: caller.signal }));
      await pass(10);
      caller.abort();
      await gone;
      release();
      await pass(10);
      await replica().getToken('billing');
      expect(source.calls).toHaveLength(1);
    });

    it('with a signal that is already aborted are not served at all', async () => {
      await expect(
        replica().getToken('billing', undefined, { signal: AbortSignal.abort(new Error('late')) }),
      ).rejects.toThrow('late');
      expect(source.calls).toHaveLength(0);
    });

    it('wait for another replica no longer than waitTimeoutMs', async () => {
      source.hold();
      const policy = { mintTimeoutMs: 10_000, leaseMs: 1_000 };
      void settled(replica(policy).getToken('billing'));
      await pass(1);
      const waiting = settled(
        replica({ mintTimeoutMs: 1_000, leaseMs: 1_000, waitTimeoutMs: 2_000 }).getToken('billing'),
      );
      await pass(2_000);
      expect(await waiting).toMatchObject({ reason: expect.any(TokenWaitTimeoutError) });
    });

    it('are told which integrations there are when they ask for another', async () => {
      await expect(replica().getToken('crm')).rejects.toMatchObject({
        code: 'TOKEN_INTEGRATION_UNKNOWN',
        message: expect.stringContaining('billing'),
      });
    });

    it.each([
      ['scopes', { scopes: 'a' }],
      ['tenant', { tenant: '' }],
      ['subject', { subject: 7 }],
    ])('are refused a request whose %s cannot be', async (field, request) => {
      await expect(replica().getToken('billing', request as object)).rejects.toMatchObject({
        code: 'TOKEN_CONFIG_INVALID',
        field: `request.${field}`,
      });
    });
  });

  describe('a rejected token', () => {
    it('is replaced once, however many report it', async () => {
      const [a, b] = [replica(), replica()];
      const old = [await a.getToken('billing'), await b.getToken('billing')] as const;
      const dropped = await Promise.all(
        Array.from({ length: 50 }, () => [a.invalidate(old[0]), b.invalidate(old[1])]).flat(),
      );
      expect(dropped.filter(Boolean)).toHaveLength(1);
      await Promise.all(Array.from({ length: 50 }, () => [a.getToken('billing'), b.getToken('billing')]).flat());
      expect(source.calls).toHaveLength(2);
    });

    it('does not take its successor with it when reported late', async () => {
      const [a, b] = [replica(), replica()];
      const old = [await a.getToken('billing'), await b.getToken('billing')] as const;
      await a.invalidate(old[0]);
      const successor = await a.getToken('billing');
      expect(await b.invalidate(old[1])).toBe(false);
      expect((await b.getToken('billing')).accessToken).toBe(successor.accessToken);
    });

    it('leaves the near cache of every replica', async () => {
      const [a, b] = [replica(), replica()];
      await b.getToken('billing');
      await a.invalidate(await a.getToken('billing'));
      await pass(0);
      expect((await b.getToken('billing')).accessToken).toBe('fake-token-2');
    });

    it('is not taken again from a store that could not be told', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({}, store);
      const token = await tokens.getToken('billing');
      store.fault = (operation) => (operation === 'invalidate' ? 'reject' : undefined);
      await tokens.invalidate(token);
      store.fault = () => undefined;
      expect((await tokens.getToken('billing')).accessToken).toBe('fake-token-2');
      expect((await replica().getToken('billing')).accessToken).toBe('fake-token-2');
    });

    it('is not taken again from a store that can be read but not written', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({}, store);
      const token = await tokens.getToken('billing');
      store.fault = (operation) => (operation === 'invalidate' || operation === 'commit' ? 'reject' : undefined);
      await tokens.invalidate(token);
      expect((await tokens.getToken('billing')).accessToken).toBe('fake-token-2');
    });
  });

  describe('purge', () => {
    it('makes every replica ask for a new token', async () => {
      const [a, b] = [replica(), replica()];
      await a.getToken('billing');
      await b.getToken('billing');
      await a.purge('billing');
      await pass(0);
      await b.getToken('billing');
      expect((await a.getToken('billing')).accessToken).toBe('fake-token-2');
    });

    it('voids a mint in flight: its token reaches nobody', async () => {
      const [a, b] = [replica(), replica()];
      const release = source.hold();
      const token = a.getToken('billing');
      await pass(10);
      await b.purge('billing');
      release();
      await pass(100);
      expect((await token).accessToken).toBe('fake-token-2');
    });

    it('ends a cool-down', async () => {
      const tokens = replica();
      source.failure = new TokenSourceRejectedError('no');
      await settled(tokens.getToken('billing'));
      delete source.failure;
      await tokens.purge('billing');
      expect((await tokens.getToken('billing')).accessToken).toBe('fake-token-2');
    });

    it('says so when the store cannot be told', async () => {
      const store = new FaultyTokenStore(shared);
      store.fault = () => 'reject';
      await expect(replica({}, store).purge('billing')).rejects.toBeInstanceOf(TokenStoreUnavailableError);
    });
  });

  describe('peek and status', () => {
    it('see what is shared and never mint', async () => {
      const [a, b] = [replica(), replica()];
      expect(await a.peek('billing')).toBeUndefined();
      expect(await a.status('billing')).toEqual({ integration: 'billing', state: 'missing' });
      const token = await b.getToken('billing');
      expect((await a.peek('billing'))?.accessToken).toBe(token.accessToken);
      expect(await a.status('billing')).toMatchObject({ state: 'valid', expiresAt: token.expiresAt });
      expect(source.calls).toHaveLength(1);
    });

    it('tell of a cool-down and of the last error', async () => {
      source.failure = new TokenSourceRejectedError('no');
      const tokens = replica();
      await settled(tokens.getToken('billing'));
      expect(await tokens.status('billing')).toEqual({
        integration: 'billing',
        state: 'cooling',
        coolingMs: 30_000,
        lastErrorCode: 'TOKEN_SOURCE_REJECTED',
      });
    });

    it('see no token past its hard expiry, however long the store took to answer', async () => {
      const key = (byte: number) => ({ encryption: { keys: [{ id: `${byte}`, key: Buffer.alloc(32, byte) }] } });
      const ours = replica({ ...key(1), nearCache: false }, slow(shared, { replies: { peek: 400 } }));
      await ours.getToken('billing');
      await pass(60_000);
      await replica(key(2)).getToken('billing');
      await pass(HARD_EXPIRY - 60_000 - 200);
      const peeked = ours.peek('billing');
      await pass(400);
      expect(await peeked).toBeUndefined();
    });

    it('say unknown when the store does not answer', async () => {
      const store = new FaultyTokenStore(shared);
      store.fault = () => 'reject';
      const tokens = replica({}, store);
      expect(await tokens.status('billing')).toEqual({ integration: 'billing', state: 'unknown' });
      expect(await tokens.storeAvailable()).toBe(false);
      await expect(tokens.peek('billing')).rejects.toBeInstanceOf(TokenStoreUnavailableError);
    });
  });

  describe('the store', () => {
    it('is said to answer, or not', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({}, store);
      const called: unknown[] = [];
      tokens.observe(
        new (class extends TokenObserver {
          override storeCalled(operation: string, _durationMs: number, failed: boolean): void {
            called.push([operation, failed]);
          }
        })(),
      );
      expect(await tokens.storeAvailable()).toBe(true);
      store.fault = () => 'reject';
      expect(await tokens.storeAvailable()).toBe(false);
      expect(called).toEqual([
        ['ping', false],
        ['ping', true],
      ]);
    });

    it('can be done without, unless policy says otherwise', () => {
      expect(replica().canMintWithoutStore('billing')).toBe(true);
      expect(replica({ whenStoreUnavailable: 'fail' }).canMintWithoutStore('billing')).toBe(false);
    });

    it('is not needed to see what is in hand', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({ nearCache: false }, store);
      await tokens.getToken('billing');
      store.fault = () => 'reject';
      expect((await tokens.peek('billing'))?.accessToken).toBe('fake-token-1');
      expect(await tokens.status('billing')).toMatchObject({ state: 'valid' });
      expect(inspect(tokens['parts'].storeEvents, { depth: 1 })).toContain('watches: Map(0) {}');
    });

    it('may have a token that cannot be read beside our own', async () => {
      const tokens = replica({ nearCache: false });
      const { keyId } = await tokens.getToken('billing');
      await shared.purge(keyId);
      await tokens.getToken('billing');
      const acquired = await shared.acquire(keyId, { nonce: 'other', leaseMs: 1_000, minTtlMs: 2 * 3_600_000 });
      if (acquired.outcome !== 'lease') throw new Error(acquired.outcome);
      await shared.commit(keyId, acquired.lease, 'gibberish', 60_000);
      expect((await tokens.peek('billing'))?.accessToken).toBe('fake-token-2');
    });
  });

  describe('without the store', () => {
    let store: FaultyTokenStore;
    beforeEach(() => (store = new FaultyTokenStore(shared)));

    it('serves the token in hand', async () => {
      const tokens = replica({ nearCache: false }, store);
      await tokens.getToken('billing');
      store.fault = () => 'reject';
      for (let call = 0; call < 10; call++) expect((await tokens.getToken('billing')).accessToken).toBe('fake-token-1');
      expect(source.calls).toHaveLength(1);
    });

    it('mints once per process and lifetime', async () => {
      store.fault = () => 'reject';
      const tokens = replica({}, store);
      for (let minute = 0; minute < 58; minute++) {
        await tokens.getToken('billing');
        await pass(60_000);
      }
      expect(source.calls).toHaveLength(1);
    });

    it('waits for a silent store no longer than storeTimeoutMs, and not at all once the breaker is open', async () => {
      store.fault = () => 'hang';
      const tokens = replica({ storeTimeoutMs: 500 }, store);
      const first = settled(tokens.getToken('billing', { tenant: '0' }));
      await pass(500);
      expect(await first).toMatchObject({ status: 'fulfilled' });
      for (const tenant of ['1', '2', '3']) {
        void settled(tokens.getToken('billing', { tenant }));
        await pass(500);
      }
      const asked = store.calls.length;
      expect((await tokens.getToken('billing', { tenant: '9' })).accessToken).toBe('fake-token-5');
      expect(store.calls).toHaveLength(asked);
    });

    it("fails with 'fail', once nothing valid is in hand", async () => {
      store.fault = () => 'reject';
      await expect(replica({ whenStoreUnavailable: 'fail' }, store).getToken('billing')).rejects.toMatchObject({
        code: 'TOKEN_STORE_UNAVAILABLE',
      });
      expect(source.calls).toHaveLength(0);
    });

    it('leaves a failing source alone for the cool-down', async () => {
      store.fault = () => 'reject';
      source.failure = new TokenSourceRejectedError('no');
      const tokens = replica({}, store);
      for (let call = 0; call < 10; call++) {
        expect(await settled(tokens.getToken('billing'))).toMatchObject({ reason: { code: 'TOKEN_SOURCE_REJECTED' } });
      }
      expect(source.calls).toHaveLength(1);
    });

    it('offers what it minted once the store is back, and the fleet uses it', async () => {
      store.fault = () => 'reject';
      const tokens = replica({}, store);
      const local = await tokens.getToken('billing');
      store.fault = () => undefined;
      await pass(2_000);
      await tokens.getToken('billing');
      await pass(10);
      expect((await replica().getToken('billing')).accessToken).toBe(local.accessToken);
      expect(source.calls).toHaveLength(1);
    });

    it('adopts the token of the fleet once the store is back, if that lives longer', async () => {
      store.fault = () => 'reject';
      const tokens = replica({}, store);
      await tokens.getToken('billing');
      await pass(60_000);
      const fleet = await replica().getToken('billing');
      store.fault = () => undefined;
      await tokens.getToken('billing');
      await pass(10);
      expect((await tokens.getToken('billing')).accessToken).toBe(fleet.accessToken);
    });

    it('recovers by itself', async () => {
      store.fault = () => 'reject';
      const tokens = replica({ whenStoreUnavailable: 'fail' }, store);
      for (let call = 0; call < 5; call++) await settled(tokens.getToken('billing'));
      store.fault = () => undefined;
      await pass(1_100);
      expect((await tokens.getToken('billing')).accessToken).toBe('fake-token-1');
    });

    it('gives back to a store that lost its data the token that it holds', async () => {
      const tokens = replica({ nearCache: false }, store);
      const held = await tokens.getToken('billing');
      const empty = new MemoryTokenStore();
      Object.assign(store, { inner: empty });
      await tokens.getToken('billing');
      expect((await replica({}, empty).getToken('billing')).accessToken).toBe(held.accessToken);
      expect(source.calls).toHaveLength(1);
    });
  });

  describe('without events', () => {
    it('sees a token that another replica mints while it waits', async () => {
      const release = source.hold();
      const both = Promise.all([
        replica({}, silent(shared)).getToken('billing'),
        replica({}, silent(shared)).getToken('billing'),
      ]);
      await pass(1_000);
      release();
      await pass(300);
      expect(new Set((await both).map((token) => token.accessToken)).size).toBe(1);
      expect(source.calls).toHaveLength(1);
    });

    it('never serves a token that another replica invalidated', async () => {
      const [a, b] = [replica({}, silent(shared)), replica({}, silent(shared))];
      await b.getToken('billing');
      await a.invalidate(await a.getToken('billing'));
      expect((await b.getToken('billing')).accessToken).toBe('fake-token-2');
    });
  });

  describe('an unreadable payload', () => {
    it('is replaced, counted, and never a bearer', async () => {
      const unreadable: string[] = [];
      const key = Buffer.alloc(32, 1);
      await replica({ encryption: { keys: [{ id: 'theirs', key: Buffer.alloc(32, 2) }] } }).getToken('billing');
      const tokens = replica({ encryption: { keys: [{ id: 'ours', key }] } });
      tokens.observe(
        new (class extends TokenObserver {
          override unreadable(integration: string): void {
            unreadable.push(integration);
          }
        })(),
      );
      expect((await tokens.getToken('billing')).accessToken).toBe('fake-token-2');
      expect(unreadable).toEqual(['billing']);
    });
  });

  it.each([undefined, {}, { integration: 'billing', generation: 1 }])(
    'says that %j is no token that could be invalidated',
    async (foreign) => {
      await expect(replica().invalidate(foreign as unknown as Token)).rejects.toMatchObject({
        code: 'TOKEN_CONFIG_INVALID',
        field: 'token',
      });
    },
  );

  describe('shutdown', () => {
    it('lets a mint in flight commit', async () => {
      const tokens = replica();
      const release = source.hold();
      const token = tokens.getToken('billing');
      await pass(10);
      const closed = tokens.close();
      release();
      await pass(10);
      await closed;
      expect((await replica().getToken('billing')).accessToken).toBe((await token).accessToken);
    });

    it('releases the lease of a mint that does not end, without a cool-down', async () => {
      const tokens = replica({ leaseMs: 60_000, waitTimeoutMs: 70_000 });
      const release = source.hold();
      const token = settled(tokens.getToken('billing'));
      await pass(10);
      const closed = tokens.close();
      await pass(5_000);
      await closed;
      expect(await token).toMatchObject({ status: 'rejected' });
      release();
      expect((await replica().getToken('billing')).accessToken).toBe('fake-token-2');
    });

    it('closes the store once, however often it is asked to', async () => {
      const close = jest.spyOn(shared, 'close');
      const tokens = replica();
      await Promise.all([tokens.close(), tokens.close()]);
      expect(close).toHaveBeenCalledTimes(1);
    });

    it('serves nothing new afterwards', async () => {
      const tokens = replica();
      await tokens.close();
      await expect(tokens.getToken('billing')).rejects.toMatchObject({
        code: 'TOKEN_STORE_UNAVAILABLE',
        message: expect.stringContaining('The token store did not answer "acquire"'),
        cause: new Error('The client is closed'),
      });
    });
  });

  describe('what observers see', () => {
    it('is one hit or one miss per caller, and one mint', async () => {
      const seen: string[] = [];
      class Recorder extends TokenObserver {
        override hit(_: string, layer: string): void {
          seen.push(layer);
        }
        override miss(): void {
          seen.push('miss');
        }
        override minted(_: string, { outcome, reason }: { outcome: string; reason: string }): void {
          seen.push(`${outcome} ${reason}`);
        }
      }
      const [a, b] = [replica(), replica()];
      for (const tokens of [a, b]) tokens.observe(new Recorder());
      const release = source.hold();
      const cold = Promise.all([a.getToken('billing'), a.getToken('billing'), b.getToken('billing')]);
      await pass(10);
      release();
      await cold;
      await b.getToken('billing');
      await replica().getToken('billing');
      expect(seen.sort()).toEqual(['miss', 'near', 'stored miss', 'waited', 'waited']);
    });
  });
});

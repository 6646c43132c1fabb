import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore, type StoreFault } from '../testing/faulty-token-store.js';
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
  tardy,
} from '../testing/fleet.spec-support.js';
import { MemoryTokenStore } from './slot/memory-token-store.js';
import { type Clock, systemClock } from './contract/clock.js';
import { TokenSourceRejectedError, TokenSourceUnavailableError } from './contract/token-cache.errors.js';
import { type StoreOperation } from './contract/token-observer.js';
import { type TokenSource, tokenSource } from './contract/token-source.js';
import { Token } from './contract/token.js';
import { type TokenClient } from '../core/token-client.js';

const SECOND = 1_000;
const HOUR = 3_600_000;
/** Microtasks, of which there are fewer between an answer and its use. */
const STEPS = Array.from({ length: 24 }, (_, steps) => steps);

describe('Acquisition, when a token is rejected or purged,', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => ({ shared, source, replica, stop } = startFleet()));
  afterEach(() => stop());

  describe('a rejected token', () => {
    /** A source that gives one token again and again. */
    function stubborn(): TokenSource & { mint: jest.Mock } {
      const mint = jest.fn(async () => ({ accessToken: 'the-only-one', expiresInMs: HOUR }));
      return { ...tokenSource('stubborn', mint), mint };
    }

    it('is replaced for the whole fleet by one mint', async () => {
      const fleet = [1, 2, 3].map(() => replica());
      const tokens = await Promise.all(fleet.map((process) => process.getToken('billing')));
      await Promise.all(fleet.map((process, i) => process.invalidate(tokens[i]!)));
      for (const process of fleet) expect(await accessToken(process)).toBe('fake-token-2');
      expect(source.calls).toHaveLength(2);
    });

    it('has a clean slate when the source gives it again', async () => {
      const only = stubborn();
      const fleet = [1, 2].map(() => replica({ integrations: { billing: { source: only } } }));
      const tokens = [await fleet[0]!.getToken('billing'), await fleet[1]!.getToken('billing')];
      for (const [i, process] of fleet.entries()) await process.invalidate(tokens[i]!);
      for (let round = 0; round < 10; round++) {
        for (const process of fleet) await callEvery(SECOND, 1, process);
      }
      expect(await accessToken(fleet[0]!)).toBe('the-only-one');
      expect(only.mint).toHaveBeenCalledTimes(2);
    });

    it.each([
      ['the source fails', () => (source.failure = new TokenSourceRejectedError('no'))],
      ['the source does not answer', () => source.hold()],
    ])('is given to callers who can be given no other, while %s', async (_what, fail) => {
      const [a, b] = [replica(), replica()];
      await a.invalidate(await a.getToken('billing'));
      fail();
      const tokens = [a, b].map((process) => accessToken(process));
      await pass(20 * SECOND);
      expect(await Promise.all(tokens)).toEqual(['fake-token-1', 'fake-token-1']);
    });

    it.each(['mint-locally', 'fail'] as const)(
      'is given while neither store nor source answers, with %s',
      async (whenStoreUnavailable) => {
        const store = new FaultyTokenStore(shared);
        const tokens = replica({ whenStoreUnavailable }, store);
        await tokens.invalidate(await tokens.getToken('billing'));
        store.fault = () => 'reject';
        source.failure = new TokenSourceRejectedError('no');
        expect(await accessToken(tokens)).toBe('fake-token-1');
      },
    );

    it('is given at once in a cool-down, although the news of its rejection arrive after the store was asked', async () => {
      let stepsMs = 0;
      // A clock that goes on by itself, so that a loop which waits for nothing ends.
      const clock: Clock = { ...systemClock, monotonic: () => performance.now() + (stepsMs += 0.01) };
      const tokens = replica({ clock }, slow(tardy(shared, 100), { replies: { acquire: 200 } }));
      const first = tokens.getToken('billing');
      await pass(SECOND);
      const token = await first;
      await pass(HOUR - 330_000);
      source.failure = new TokenSourceUnavailableError('busy', { retryAfterMs: 60 * SECOND });
      await tokens.getToken('billing');
      await pass(2 * SECOND);
      await tokens.invalidate(token);
      const stepsBefore = stepsMs;
      const again = accessToken(tokens);
      await pass(SECOND);
      expect(await again).toBe(token.accessToken);
      expect(stepsMs - stepsBefore).toBeLessThan(SECOND / 100);
    });

    it('is given to a process that still holds an earlier one, while the source fails', async () => {
      const [a, b] = [replica({}, silent(shared)), replica()];
      await a.getToken('billing');
      await b.invalidate(await b.getToken('billing'));
      const second = await b.getToken('billing');
      await pass(10 * SECOND);
      await b.invalidate(second);
      source.failure = new TokenSourceRejectedError('no');
      expect(await accessToken(b)).toBe('fake-token-2');
      expect(await accessToken(a)).toBe('fake-token-2');
    });

    it('is replaced without the store, and the store is told with the next call', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({}, store);
      const rejected = await tokens.getToken('billing');
      store.fault = () => 'reject';
      expect(await tokens.invalidate(rejected)).toBe(true);
      expect(await accessToken(tokens)).toBe('fake-token-2');
      store.fault = () => undefined;
      await callEvery(1_100, 3, tokens);
      expect(await accessToken(replica())).toBe('fake-token-2');
      expect(source.calls).toHaveLength(2);
    });

    it('is replaced without the store by one mint, for a caller that was refused and for the others', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({}, store);
      await tokens.getToken('billing');
      await pass(5 * SECOND);
      store.fault = () => 'reject';
      const release = source.hold();
      const sent = tokens.send('billing', {
        send: async ({ accessToken: sentToken }) => (sentToken === 'fake-token-1' ? 401 : 200),
        statusOf: (status: number) => ({ status }),
        canSendAgain: () => true,
        discard: () => {},
      });
      await pass(SECOND);
      const asked = accessToken(tokens);
      await pass(SECOND);
      expect(source.calls).toHaveLength(2);
      release();
      expect([await sent, await asked]).toEqual([200, 'fake-token-2']);
    });

    it('is replaced without the store by one mint, although its successor ends sooner', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({}, store);
      const refused = await tokens.getToken('billing');
      store.fault = () => 'reject';
      source.answer = { expiresInMs: 60 * SECOND };
      for (let caller = 0; caller < 2; caller++) {
        const other = await tokens['parts'].supply.replace(tokens['keys'].of('billing'), refused);
        expect(other?.accessToken).toBe('fake-token-2');
      }
      expect(source.calls).toHaveLength(2);
    });

    it('is served on, without a call of the store, to those who were not refused, while another process mints', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({}, store);
      const refused = await tokens.getToken('billing');
      await shared.acquire(refused.keyId, { nonce: 'other', leaseMs: SECOND, minTtlMs: 2 * HOUR });
      void settled(tokens['parts'].supply.replace(tokens['keys'].of('billing'), refused));
      await pass(10);
      store.calls.length = 0;
      expect(await tokens.getToken('billing')).toBe(refused);
      expect(store.calls).toEqual([]);
    });

    it('is not given again by a process whose store has lost it', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({}, store);
      const rejected = await tokens.getToken('billing');
      Object.assign(store, { inner: new MemoryTokenStore() });
      expect(await tokens.invalidate(rejected)).toBe(false);
      expect(await accessToken(tokens)).toBe('fake-token-2');
    });

    it('is not given again by a process that did not hear of its successor', async () => {
      const [a, b] = [replica(), replica({}, channelled(shared))];
      const rejected = await b.getToken('billing');
      await a.invalidate(await a.getToken('billing'));
      await a.getToken('billing');
      expect(await b.invalidate(rejected)).toBe(false);
      expect(await accessToken(b)).toBe('fake-token-2');
      expect(source.calls).toHaveLength(2);
    });

    it('leaves another alone that is in hand, whatever their generations, while the store is away', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({}, store);
      const current = await tokens.getToken('billing');
      store.fault = () => 'reject';
      // Minted without the store by a process whose clock is ahead.
      const former = new Token({
        ...current,
        keyId: current.keyId,
        accessToken: 'former',
        generation: current.generation + 1e9,
      });
      expect(await tokens.invalidate(former)).toBe(false);
      expect(await accessToken(tokens)).toBe('fake-token-1');
    });

    it('is told to the store before it is asked for that key', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({ whenStoreUnavailable: 'fail' }, store);
      const rejected = await tokens.getToken('billing');
      store.fault = (operation) => (operation === 'invalidate' ? 'reject' : undefined);
      await tokens.invalidate(rejected);
      store.fault = () => undefined;
      store.calls.length = 0;
      expect(await accessToken(tokens)).toBe('fake-token-2');
      expect(store.calls).toEqual(['invalidate', 'acquire', 'commit']);
    });

    it('is told to the store by a caller that must wait, and asks once until the other process is done', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({}, store);
      const rejected = await tokens.getToken('billing');
      store.fault = (operation) => (operation === 'invalidate' ? 'reject' : undefined);
      await tokens.invalidate(rejected);
      store.fault = () => undefined;
      await shared.acquire(rejected.keyId, { nonce: 'other', leaseMs: 3 * SECOND, minTtlMs: 2 * HOUR });
      store.calls.length = 0;
      void settled(tokens.getToken('billing'));
      await pass(SECOND);
      expect(store.calls).toEqual(['invalidate', 'acquire']);
    });

    it('is kept for when no other can be had, by a process that hears of the rejection before it has the token', async () => {
      const other = replica();
      const rejected = await other.getToken('billing');
      const given = settled(accessToken(replica({}, slow(shared, { replies: { acquire: 300 } }))));
      await pass(100);
      await other.invalidate(rejected);
      source.failure = new TokenSourceRejectedError('no');
      await pass(SECOND);
      expect(await given).toMatchObject({ value: 'fake-token-1' });
    });

    it('is not given again by a process that knows it by the generation under which it was shared again', async () => {
      const store = silent(shared);
      const tokens = replica({}, store);
      await tokens.getToken('billing');
      await pass(SECOND);
      Object.assign(store, { inner: new MemoryTokenStore() });
      await tokens.getToken('billing');
      await pass(0);
      Object.assign(store, { inner: shared });
      const other = replica();
      await other.invalidate(await other.getToken('billing'));
      expect(await accessToken(tokens)).toBe('fake-token-2');
      expect(await accessToken(replica())).toBe('fake-token-2');
    });

    it('that was never shared is not told to the store, which does not know it', async () => {
      const store = new FaultyTokenStore(shared);
      store.fault = () => 'reject';
      const tokens = replica({}, store);
      expect(await tokens.invalidate(await tokens.getToken('billing'))).toBe(true);
      store.fault = () => undefined;
      await pass(SECOND);
      store.calls.length = 0;
      expect(await accessToken(tokens)).toBe('fake-token-2');
      expect(store.calls).toEqual(['acquire', 'commit']);
    });

    it('that ended before the store could be told keeps nobody from its successor', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({}, store);
      const rejected = await tokens.getToken('billing');
      store.fault = (operation) => (operation === 'invalidate' ? 'reject' : undefined);
      await tokens.invalidate(rejected);
      store.fault = () => undefined;
      await pass(HOUR);
      expect(await accessToken(tokens)).toBe('fake-token-2');
      expect(await accessToken(replica())).toBe('fake-token-2');
    });

    it('may be one that the process does not hold, also while the store is away', async () => {
      const foreign = await replica().getToken('billing');
      const store = new FaultyTokenStore(shared);
      store.fault = () => 'reject';
      expect(await replica({}, store).invalidate(foreign)).toBe(true);
    });

    it('is replaced together with that of another request', async () => {
      const tokens = replica();
      const both = await Promise.all(['a', 'b'].map((tenant) => tokens.getToken('billing', { tenant })));
      expect(await Promise.all(both.map((token) => tokens.invalidate(token)))).toEqual([true, true]);
    });

    it('that is not replaced yet, so soon after the last, is given without a call of the store', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({}, store);
      await tokens.invalidate(await tokens.getToken('billing'));
      const second = await tokens.getToken('billing');
      expect(await tokens.invalidate(second)).toBe(false);
      store.calls.length = 0;
      expect(await tokens.getToken('billing')).toBe(second);
      expect(store.calls).toEqual([]);
    });

    it.each([
      ['is shared', { replies: { commit: 100 } }, []],
      ['cannot be shared', { requests: { commit: 100 } }, ['commit']],
    ])('stays rejected when it %s at that moment', async (_what, delays, failing: string[]) => {
      const store = new FaultyTokenStore(shared);
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
      // The lease of the attempt to share it must lapse.
      await pass(5 * SECOND);
      expect(await next).toBe('fake-token-2');
    });

    it('is replaced under whatever generation it was shared', async () => {
      const store = new FaultyTokenStore(shared);
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

    it('shares no fence with its successor, although its own commit was under way', async () => {
      const store = new FaultyTokenStore(shared);
      store.fault = () => 'reject';
      const tokens = replica({}, slow(store, { requests: { commit: 100 } }));
      const local = await tokens.getToken('billing');
      store.fault = () => undefined;
      await pass(1_100);
      await tokens.getToken('billing');
      await pass(10);
      expect(await tokens.invalidate(local)).toBe(true);
      const successor = accessToken(tokens);
      await pass(SECOND);
      expect(await successor).toBe('fake-token-2');
      expect(await accessToken(replica())).toBe('fake-token-2');
      expect(await accessToken(tokens)).toBe('fake-token-2');
      expect(source.calls).toHaveLength(2);
    });

    it('is not given to those who waited when another process rejects it before the minter hears that it is shared', async () => {
      const token = accessToken(replica({}, slow(shared, { replies: { commit: 300 } })));
      await pass(100);
      const other = replica();
      await other.invalidate(await other.getToken('billing'));
      await pass(SECOND);
      expect(await token).toBe('fake-token-2');
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

  describe('purge', () => {
    it('holds against the answer to a commit that was on its way, also when the store is gone then', async () => {
      const store = new FaultyTokenStore(shared);
      const token = accessToken(replica({}, slow(store, { replies: { commit: 400 } })));
      await pass(10);
      await replica().purge('billing');
      store.fault = () => 'reject';
      await pass(400);
      expect(await token).toBe('fake-token-2');
    });

    it('holds against a reply that was on its way: a later caller never gets the purged token', async () => {
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
    ])('makes no caller wait for the mint that it voids, %s', async (_how, { fault }: { fault?: StoreFault }) => {
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

  describe.each(STEPS)('an answer that others waited for, %i steps after it was given,', (steps) => {
    async function stepsLater(): Promise<void> {
      for (let step = 0; step < steps; step++) await Promise.resolve();
    }

    /** A process whose source has answered that many steps ago, and whose store refuses these operations. */
    async function mintedWithout(isRefused: (operation: StoreOperation) => boolean): Promise<TokenClient> {
      const store = new FaultyTokenStore(shared);
      store.fault = (operation) => (isRefused(operation) ? 'reject' : undefined);
      const tokens = replica({}, store);
      const release = source.hold();
      void settled(tokens.getToken('billing'));
      await pass(10);
      release();
      await stepsLater();
      return tokens;
    }

    it.each<[string, (tokens: TokenClient, rejected: Token) => unknown]>([
      ['here', (tokens, rejected) => tokens.invalidate(rejected)],
      [
        'elsewhere',
        (tokens, { keyId, generation }) => {
          void shared.invalidate(keyId, rejectionOf(generation));
          tokens['parts'].storeEvents.deliver({ type: 'invalidated', keyId, fence: generation });
        },
      ],
    ])('is not given to a caller that comes after its token was rejected %s', async (_where, reject) => {
      const rejected = await replica().getToken('billing');
      const tokens = replica({ nearCache: false });
      void settled(tokens.getToken('billing'));
      await stepsLater();
      await reject(tokens, rejected);
      expect(await accessToken(tokens)).toBe('fake-token-2');
    });

    it('leaves no mint behind whose lease was granted before it and told after it', async () => {
      const tokens = replica({}, slow(shared, { replies: { acquire: 100 } }));
      const asked = accessToken(tokens);
      await pass(50);
      await replica().purge('billing');
      await pass(SECOND);
      expect(await asked).toBe('fake-token-1');
      expect(source.calls).toHaveLength(1);
    });

    it('is not given to a caller that comes after a purge was heard, without the store', async () => {
      const tokens = await mintedWithout(() => true);
      tokens['parts'].storeEvents.deliver({ type: 'purged', keyId: tokens['keys'].of('billing').id, fence: 1 });
      await tokens.getToken('billing');
      expect(source.calls).toHaveLength(2);
    });

    it('is not given to a caller that comes after a rejection was heard, while the token cannot be shared', async () => {
      const tokens = await mintedWithout((operation) => operation === 'commit');
      const { id: keyId } = tokens['keys'].of('billing');
      tokens['parts'].storeEvents.deliver({ type: 'invalidated', keyId, fence: Number.MAX_SAFE_INTEGER });
      void settled(tokens.getToken('billing'));
      await pass(10 * SECOND);
      expect(source.calls).toHaveLength(2);
    });
  });
});

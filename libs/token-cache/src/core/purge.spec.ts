import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import {
  accessToken,
  type Fleet,
  HOUR,
  pass,
  SECOND,
  settled,
  silent,
  slow,
  startFleet,
  tardy,
} from '../testing/fleet.spec-support.js';
import { TokenSourceRejectedError, TokenSourceUnavailableError } from './contract/token-cache.errors.js';
import { systemClock } from './contract/clock.js';
import { type TokenRequest } from './contract/token-request.js';
import { MemoryTokenStore } from './slot/memory-token-store.js';
import { type TokenClient } from './token-client.js';

describe('TokenClient', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => ({ shared, source, replica, stop } = startFleet()));
  afterEach(() => stop());

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

    it.each(['itself', 'another'])(
      'begins anew with the pace of rejections, also in a process that the store leaves, which called for it: %s',
      async (caller) => {
        const store = new FaultyTokenStore(shared);
        const tokens = replica({}, store);
        await tokens.invalidate(await tokens.getToken('billing'));
        await (caller === 'itself' ? tokens : replica()).purge('billing');
        await pass(0);
        const next = await tokens.getToken('billing');
        store.fault = () => 'reject';
        expect(await tokens.invalidate(next)).toBe(true);
      },
    );

    it.each([
      ['is answered', undefined],
      ['is not', 'lose-reply'],
    ] as const)('begins anew with that pace also in the middle of a report that %s', async (_what, fault) => {
      const store = new FaultyTokenStore(slow(shared, { replies: { invalidate: 200 } }));
      const tokens = replica({}, store);
      const token = await tokens.getToken('billing');
      store.fault = (operation) => (operation === 'invalidate' ? fault : undefined);
      const reported = tokens.invalidate(token);
      await pass(100);
      await replica().purge('billing');
      await pass(SECOND);
      await reported;
      const next = await tokens.getToken('billing');
      store.fault = () => 'reject';
      expect(await tokens.invalidate(next)).toBe(true);
    });

    describe.each([
      ['of its key', (by: TokenClient) => by.purge('billing')],
      ['of its integration', (by: TokenClient) => by.purgeAll('billing')],
    ])('%s that is heard late by a process whose token was minted since, and rejected there alone,', (_what, purge) => {
      let network: FaultyTokenStore;
      let late: TokenClient;
      let other: TokenClient;

      beforeEach(async () => {
        network = tardy(shared, SECOND);
        [late, other] = [replica({}, network), replica()];
        await purge(other);
        const rejected = await late.getToken('billing');
        network.fault = () => 'reject';
        expect(await late.invalidate(rejected)).toBe(true);
        await pass(SECOND);
      });

      it('leaves the rejection, of which the store has yet to be told', async () => {
        network.fault = () => undefined;
        expect(await accessToken(late)).toBe('fake-token-2');
        expect(await accessToken(other)).toBe('fake-token-2');
      });

      it('leaves the pace of rejections', async () => {
        expect(await late.invalidate(await late.getToken('billing'))).toBe(false);
      });
    });

    describe('that a process missed, which minted alone meanwhile,', () => {
      let network: FaultyTokenStore;
      let cutOff: ReturnType<typeof replica>;
      let other: ReturnType<typeof replica>;

      beforeEach(async () => {
        network = silent(shared);
        network.fault = () => 'reject';
        [cutOff, other] = [replica({}, network), replica()];
        expect(await accessToken(cutOff)).toBe('fake-token-1');
        await other.purge('billing');
      });

      it.each([
        ['is being replaced', () => source.hold()],
        [
          'cannot be replaced',
          () => (source.failure = new TokenSourceUnavailableError('busy', { retryAfterMs: 600_000 })),
        ],
      ])('voids its token although the fleet has a shorter one, which %s', async (_what, strike) => {
        source.answer = { expiresInMs: 600 * SECOND };
        expect(await accessToken(other)).toBe('fake-token-2');
        await pass(500 * SECOND);
        strike();
        await accessToken(other);
        await pass(SECOND);
        network.fault = () => undefined;
        // Upkeep brings the token in, behind the caller's back.
        await cutOff.getToken('billing');
        await pass(0);
        expect(await accessToken(cutOff)).toBe('fake-token-2');
        expect(source.calls).toHaveLength(3);
      });

      it('voids its token with a look at what the fleet has, which is nothing', async () => {
        network.fault = () => undefined;
        expect((await cutOff.status('billing')).state).toBe('missing');
        expect(await cutOff.peek('billing')).toBeUndefined();
      });
    });

    it('says so when the store cannot be told', async () => {
      const store = new FaultyTokenStore(shared);
      store.fault = () => 'reject';
      const purged = settled(replica({}, store).purge('billing'));
      await pass(5 * SECOND);
      expect(await purged).toMatchObject({ reason: { code: 'TOKEN_STORE_UNAVAILABLE' } });
    });
  });

  describe('purgeAll', () => {
    const REQUESTS: readonly TokenRequest[] = [{}, { tenant: 'one' }, { subject: 'two' }, { scope: 'write' }];
    const all = (tokens: TokenClient): Promise<string[]> =>
      Promise.all(REQUESTS.map(async (request) => (await tokens.getToken('billing', request)).accessToken));

    it('makes every replica ask for new tokens of the integration, whatever their scopes, tenants and subjects', async () => {
      const [a, b, c] = [replica(), replica(), replica()];
      const before = await all(a);
      await all(b);
      await c.purgeAll('billing');
      await pass(0);
      const after = await all(b);
      expect(after.filter((token) => before.includes(token))).toEqual([]);
      expect(await all(a)).toEqual(after);
      expect(source.calls).toHaveLength(2 * REQUESTS.length);
    });

    it('leaves the tokens of other integrations in hand, without a call of the store', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({ integrations: { billing: { source }, crm: { source } } }, store);
      await tokens.getToken('billing');
      const { accessToken: ofAnother } = await tokens.getToken('crm');
      await tokens.purgeAll('billing');
      store.calls.length = 0;
      expect((await tokens.getToken('crm')).accessToken).toBe(ofAnother);
      expect(store.calls).toEqual([]);
    });

    it('voids all mints in flight: their tokens reach nobody', async () => {
      const [a, b] = [replica(), replica()];
      const release = source.hold();
      const tokens = all(a);
      await pass(10);
      await b.purgeAll('billing');
      release();
      await pass(100);
      expect(await tokens).toEqual([5, 6, 7, 8].map((number) => `fake-token-${number}`));
      expect(source.calls.map(({ context }) => context.signal.aborted)).toEqual([
        ...REQUESTS.map(() => true),
        ...REQUESTS.map(() => false),
      ]);
    });

    it('ends the cool-downs of all keys, in every process', async () => {
      const [a, b] = [replica(), replica()];
      source.failure = new TokenSourceRejectedError('no');
      await Promise.allSettled(REQUESTS.flatMap((request) => [a, b].map((one) => one.getToken('billing', request))));
      delete source.failure;
      await a.purgeAll('billing');
      await pass(0);
      expect(await all(b)).toHaveLength(REQUESTS.length);
    });

    it('begins anew with the pace of rejections', async () => {
      const tokens = replica();
      expect(await tokens.invalidate(await tokens.getToken('billing'))).toBe(true);
      await tokens.purgeAll('billing');
      expect(await tokens.invalidate(await tokens.getToken('billing'))).toBe(true);
    });

    it('begins anew with that pace of its integration alone, also in a process that the store leaves', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({ integrations: { billing: { source }, crm: { source } } }, store);
      for (const name of ['billing', 'crm']) await tokens.invalidate(await tokens.getToken(name));
      await tokens.purgeAll('billing');
      const [billing, crm] = [await tokens.getToken('billing'), await tokens.getToken('crm')];
      store.fault = () => 'reject';
      expect([await tokens.invalidate(billing), await tokens.invalidate(crm)]).toEqual([true, false]);
    });

    it.each([
      ['minted alone since, of which the store knows nothing', async () => {}],
      [
        'was given by the store',
        async (cutOff: TokenClient, network: FaultyTokenStore) => {
          network.fault = () => undefined;
          await cutOff.getToken('billing');
          network.fault = () => 'reject';
        },
      ],
    ])('voids a token that a process %s, once that hears the store again', async (_how, before) => {
      const network = silent(shared);
      network.fault = () => 'reject';
      const [cutOff, other] = [replica({}, network), replica()];
      await before(cutOff, network);
      expect(await accessToken(cutOff)).toBe('fake-token-1');
      await other.purgeAll('billing');
      await pass(10 * SECOND);
      network.fault = () => undefined;
      await cutOff.getToken('billing');
      await pass(SECOND);
      expect(await accessToken(cutOff)).toBe('fake-token-2');
      expect(await accessToken(other)).toBe('fake-token-2');
    });

    it('says so when the store cannot be told, and has voided what this process holds', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({}, store);
      await all(tokens);
      store.fault = () => 'reject';
      const purged = settled(tokens.purgeAll('billing'));
      await pass(5 * SECOND);
      expect(await purged).toMatchObject({ reason: { code: 'TOKEN_STORE_UNAVAILABLE' } });
      expect(await all(tokens)).toEqual([5, 6, 7, 8].map((number) => `fake-token-${number}`));
    });

    it('refuses an integration that is not configured', async () => {
      await expect(replica().purgeAll('nobody')).rejects.toMatchObject({ code: 'TOKEN_INTEGRATION_UNKNOWN' });
    });

    it('asks the store about a token that was minted before its clock was set back, as a purge may bear a lower fence', async () => {
      const stepped = { byMs: 0 };
      const store = new MemoryTokenStore({
        clock: { ...systemClock, monotonic: () => systemClock.monotonic() + HOUR + stepped.byMs },
      });
      const [a, b] = [replica({}, store), replica({}, store)];
      expect(await accessToken(a)).toBe('fake-token-1');
      stepped.byMs = -HOUR / 2;
      await b.purgeAll('billing');
      await pass(0);
      expect(await accessToken(a)).toBe('fake-token-2');
    });
  });
});

import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import { accessToken, type Fleet, pass, SECOND, settled, startFleet } from '../testing/fleet.spec-support.js';
import { TokenSourceRejectedError, TokenSourceUnavailableError } from './contract/token-cache.errors.js';
import { MemoryTokenStore } from './slot/memory-token-store.js';

describe('TokenClient', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => ({ shared, source, replica, stop } = startFleet()));
  afterEach(() => stop());

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

    it("waits with 'fail' for a token that the source has given already, and that the store does not take", async () => {
      store.fault = (operation) => (operation === 'commit' ? 'hang' : undefined);
      const tokens = replica({ whenStoreUnavailable: 'fail' }, store);
      const first = settled(tokens.getToken('billing'));
      await pass(0);
      store.fault = () => 'reject';
      const second = settled(tokens.getToken('billing', undefined, { minLifeMs: 1 }));
      await pass(500);
      const given = { status: 'fulfilled', value: { accessToken: 'fake-token-1' } };
      expect([await first, await second]).toMatchObject([given, given]);
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

    it.each([
      ['another process', false],
      ['it', true],
    ])(
      'leaves a source alone for the cool-down that the store told of while it answered, since %s failed',
      async (_who, isOwn) => {
        source.failure = new TokenSourceUnavailableError('down', { binds: 'fleet', retryAfterMs: 10 * SECOND });
        if (!isOwn) await settled(replica().getToken('billing'));
        const tokens = replica({}, store);
        await settled(tokens.getToken('billing'));
        store.fault = () => 'reject';
        delete source.failure;
        await pass(9 * SECOND);
        expect(await settled(tokens.getToken('billing'))).toMatchObject({
          reason: { code: 'TOKEN_SOURCE_UNAVAILABLE' },
        });
        expect(source.calls).toHaveLength(1);
        await pass(SECOND);
        expect(await accessToken(tokens)).toBe('fake-token-2');
      },
    );

    it('leaves a source alone that failed while the answer to an earlier look-up was lost', async () => {
      const release = source.hold();
      source.failure = new TokenSourceUnavailableError('down', { binds: 'fleet', retryAfterMs: 10 * SECOND });
      const tokens = replica({}, store);
      const minting = settled(tokens.getToken('billing'));
      await pass(0);
      store.fault = (operation) => (operation === 'acquire' ? 'lose-reply' : undefined);
      const asking = settled(tokens.getToken('billing', {}, { minLifeMs: 1 }));
      await pass(100);
      release();
      await pass(SECOND);
      const failed = { reason: { code: 'TOKEN_SOURCE_UNAVAILABLE' } };
      expect([await minting, await asking]).toMatchObject([failed, failed]);
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
});

import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import {
  type Fleet,
  HARD_EXPIRY,
  pass,
  rejectionOf,
  settled,
  silent,
  slow,
  startFleet,
} from '../testing/fleet.spec-support.js';
import { TokenSourceRejectedError, TokenStoreUnavailableError } from './contract/token-cache.errors.js';
import { type Token } from './contract/token.js';
import { MemoryTokenStore } from './slot/memory-token-store.js';

describe('TokenClient', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => ({ shared, source, replica, stop } = startFleet()));
  afterEach(() => stop());

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

    it('tell of the token in hand that the store has lost, as it is given to callers', async () => {
      const store = silent(shared);
      const tokens = replica({}, store);
      const { accessToken, expiresAt } = await tokens.getToken('billing');
      Object.assign(store, { inner: new MemoryTokenStore() });
      expect(await tokens.status('billing')).toMatchObject({ state: 'valid', expiresAt });
      expect((await tokens.peek('billing'))?.accessToken).toBe(accessToken);
      expect((await tokens.getToken('billing')).accessToken).toBe(accessToken);
    });

    it.each([
      ['rejected', ({ keyId, generation }: Token) => shared.invalidate(keyId, rejectionOf(generation))],
      ['purged', ({ keyId }: Token) => shared.purge(keyId)],
    ])('tell of no token in hand that the store says was %s', async (_what, strike) => {
      const tokens = replica({}, silent(shared));
      await strike(await tokens.getToken('billing'));
      expect((await tokens.status('billing')).state).toBe('missing');
      expect(await tokens.peek('billing')).toBeUndefined();
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
});

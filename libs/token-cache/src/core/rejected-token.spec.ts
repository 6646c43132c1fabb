import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import { type Fleet, pass, startFleet } from '../testing/fleet.spec-support.js';
import { type Token } from './contract/token.js';
import { type MemoryTokenStore } from './slot/memory-token-store.js';

describe('TokenClient', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => ({ shared, source, replica, stop } = startFleet()));
  afterEach(() => stop());

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

    it('is kept by the pace of the fleet, also when its commit has no answer yet', async () => {
      const other = replica();
      await other.invalidate(await other.getToken('billing'));
      const store = new FaultyTokenStore(shared);
      store.fault = (operation) => (operation === 'commit' ? 'reject' : undefined);
      const tokens = replica({}, store);
      const fresh = await tokens.getToken('billing');
      store.fault = () => undefined;
      expect(await tokens.invalidate(fresh)).toBe(false);
      expect((await tokens.getToken('billing')).accessToken).toBe(fresh.accessToken);
      expect((await replica().getToken('billing')).accessToken).toBe(fresh.accessToken);
      expect(source.calls).toHaveLength(2);
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
});

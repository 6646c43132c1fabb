import { FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import { type Fleet, HOUR, pass, settled, startFleet } from '../testing/fleet.spec-support.js';
import { type MemoryTokenStore } from './slot/memory-token-store.js';
import { type TokenClient } from './token-client.js';

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
});

import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import { type Fleet, pass, SECOND, settled, startFleet } from '../testing/fleet.spec-support.js';
import { TokenSourceRejectedError } from './contract/token-cache.errors.js';
import { type MemoryTokenStore } from './slot/memory-token-store.js';

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

    it('says so when the store cannot be told', async () => {
      const store = new FaultyTokenStore(shared);
      store.fault = () => 'reject';
      const purged = settled(replica({}, store).purge('billing'));
      await pass(5 * SECOND);
      expect(await purged).toMatchObject({ reason: { code: 'TOKEN_STORE_UNAVAILABLE' } });
    });
  });
});

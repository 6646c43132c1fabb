import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import { accessToken, type Fleet, pass, SECOND, settled, silent, startFleet } from '../testing/fleet.spec-support.js';
import { TokenSourceRejectedError, TokenSourceUnavailableError } from './contract/token-cache.errors.js';
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
});

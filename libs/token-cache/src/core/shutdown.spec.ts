import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { type Fleet, pass, REFRESH_AT, settled, slow, startFleet } from '../testing/fleet.spec-support.js';
import { type MemoryTokenStore } from './slot/memory-token-store.js';
import { type TokenClient } from './token-client.js';

describe('TokenClient', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => ({ shared, source, replica, stop } = startFleet()));
  afterEach(() => stop());

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

    it('lets a refresh behind the callers go to its end, whose token the fleet then has', async () => {
      const replies = { acquire: 0 };
      const tokens = replica({}, slow(shared, { replies }));
      await tokens.getToken('billing');
      await pass(REFRESH_AT);
      replies.acquire = 400;
      await tokens.getToken('billing');
      const closed = tokens.close();
      await pass(400);
      await closed;
      expect((await replica().getToken('billing')).accessToken).toBe('fake-token-2');
      expect(source.calls).toHaveLength(2);
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

    it('still gives a caller whose time is over the rejected token, while another is being minted', async () => {
      const tokens = replica({ waitTimeoutMs: 2_000, mintTimeoutMs: 1_000, leaseMs: 500 });
      const rejected = await tokens.getToken('billing');
      source.hold();
      await tokens.invalidate(rejected);
      void settled(replica().getToken('billing'));
      await pass(10);
      const waiting = settled(tokens.getToken('billing'));
      await pass(10);
      void tokens.close();
      await pass(2_000);
      expect(await waiting).toMatchObject({ status: 'fulfilled', value: { accessToken: rejected.accessToken } });
    });

    it('gives it also to a caller whose process shuts down before another has replaced it', async () => {
      const policy = { waitTimeoutMs: 30_000, mintTimeoutMs: 20_000, leaseMs: 500 };
      const tokens = replica(policy);
      const rejected = await tokens.getToken('billing');
      source.hold();
      await tokens.invalidate(rejected);
      void settled(replica(policy).getToken('billing'));
      await pass(10);
      const waiting = settled(tokens.getToken('billing'));
      await pass(10);
      const closed = tokens.close();
      await pass(6_000);
      await closed;
      expect(await waiting).toMatchObject({ value: { accessToken: rejected.accessToken } });
    });

    it('closes the store once, however often it is asked to', async () => {
      const close = jest.spyOn(shared, 'close');
      const tokens = replica();
      await Promise.all([tokens.close(), tokens.close()]);
      expect(close).toHaveBeenCalledTimes(1);
    });

    it.each([
      ['nothing new', async () => {}],
      ['no token that the store would have to confirm', (tokens: TokenClient) => tokens.getToken('billing')],
    ])('serves %s afterwards', async (_what, before) => {
      const tokens = replica({ nearCache: false });
      await before(tokens);
      await tokens.close();
      await expect(tokens.getToken('billing')).rejects.toMatchObject({
        code: 'TOKEN_STORE_UNAVAILABLE',
        message:
          'The client is closed, so the token store is not asked to "acquire". Use no client after close(), or make a new one',
        cause: new Error('The application shuts down'),
      });
    });
  });
});

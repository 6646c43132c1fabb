import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { type Fleet, pass, settled, silent, startFleet } from '../testing/fleet.spec-support.js';
import { TokenSourceRejectedError, TokenSourceUnavailableError } from './contract/token-cache.errors.js';
import { type MemoryTokenStore } from './slot/memory-token-store.js';

describe('TokenClient', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => ({ shared, source, replica, stop } = startFleet()));
  afterEach(() => stop());

  describe('a failing source', () => {
    it.each([
      ['once per cool-down by the whole fleet when it fails', 'invalid_scope', 1],
      [
        'by two processes per cool-down when it refuses credentials, which one of them may have out of date',
        'invalid_client',
        2,
      ],
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

    it('is left alone by a process whose credentials it refused, also after it failed another one', async () => {
      const ours = replica();
      source.failure = new TokenSourceRejectedError('no', { oauthError: 'invalid_client' });
      await settled(ours.getToken('billing'));
      source.failure = new TokenSourceUnavailableError('down');
      const release = source.hold();
      const others = [replica(), replica()].map((tokens) => settled(tokens.getToken('billing')));
      await pass(10);
      release();
      await Promise.all(others);
      delete source.failure;
      await pass(1_000);
      expect(await settled(ours.getToken('billing'))).toMatchObject({ reason: { oauthError: 'invalid_client' } });
      expect(source.calls).toHaveLength(2);
    });

    it('is asked at once after a purge, by a process whose store has no events to tell of it', async () => {
      const deaf = replica({}, silent(shared));
      source.failure = new TokenSourceRejectedError('no', { oauthError: 'invalid_scope' });
      await settled(deaf.getToken('billing'));
      await settled(deaf.getToken('billing'));
      await replica().purge('billing');
      delete source.failure;
      expect(await settled(deaf.getToken('billing'))).toMatchObject({ status: 'fulfilled' });
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
});

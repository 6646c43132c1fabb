import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { type Fleet, HARD_EXPIRY, pass, REFRESH_AT, settled, startFleet } from '../testing/fleet.spec-support.js';
import { TokenSourceUnavailableError } from './contract/token-cache.errors.js';
import { TokenObserver } from './contract/token-observer.js';

describe('TokenClient', () => {
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => ({ source, replica, stop } = startFleet()));
  afterEach(() => stop());

  describe('the life of a token', () => {
    it('is refreshed by one replica in the background while all are served the valid one', async () => {
      const [a, b] = [replica(), replica()];
      await a.getToken('billing');
      await b.getToken('billing');
      await pass(REFRESH_AT);
      const release = source.hold();
      expect((await a.getToken('billing')).accessToken).toBe('fake-token-1');
      expect((await b.getToken('billing')).accessToken).toBe('fake-token-1');
      await pass(10);
      expect(source.calls).toHaveLength(2);
      release();
      await pass(1_100);
      await b.getToken('billing');
      await pass(10);
      expect((await a.getToken('billing')).accessToken).toBe('fake-token-2');
      expect((await b.getToken('billing')).accessToken).toBe('fake-token-2');
      expect(source.calls).toHaveLength(2);
    });

    it('goes on to its end when the refresh fails, and the failure is counted but not seen', async () => {
      const failures: string[] = [];
      const tokens = replica();
      tokens.observe(
        new (class extends TokenObserver {
          override refreshFailed(_: string, code: string): void {
            failures.push(code);
          }
        })(),
      );
      await tokens.getToken('billing');
      await pass(REFRESH_AT);
      source.failure = new TokenSourceUnavailableError('down');
      for (let second = 0; second < 299; second++) {
        expect((await tokens.getToken('billing')).accessToken).toBe('fake-token-1');
        await pass(1_000);
      }
      expect(failures[0]).toBe('TOKEN_SOURCE_UNAVAILABLE');
      expect(source.calls.length).toBeGreaterThan(1);
      await pass(2_000);
      await expect(tokens.getToken('billing')).rejects.toMatchObject({ code: 'TOKEN_SOURCE_UNAVAILABLE' });
    });

    it('ends for callers before it expires, by the safety margin', async () => {
      const tokens = replica();
      const { expiresAt, endsAt } = await tokens.getToken('billing');
      await pass(1_000);
      const again = await replica().getToken('billing');

      expect(expiresAt - endsAt).toBe(30_000);
      expect(Math.abs(again.endsAt - endsAt)).toBeLessThanOrEqual(1);
    });

    it('never reaches a caller past hard expiry', async () => {
      const tokens = replica({ refreshWindowMs: 0 });
      await tokens.getToken('billing');
      await pass(HARD_EXPIRY - 1);
      expect((await tokens.getToken('billing')).accessToken).toBe('fake-token-1');
      await pass(1);
      expect((await tokens.getToken('billing')).accessToken).toBe('fake-token-2');
    });

    it('is counted from before the request for it was sent', async () => {
      const tokens = replica({ refreshWindowMs: 0 });
      const release = source.hold();
      const first = tokens.getToken('billing');
      await pass(5_000);
      release();
      await first;
      await pass(HARD_EXPIRY - 5_000);
      expect((await tokens.getToken('billing')).accessToken).toBe('fake-token-2');
    });

    it('is an error, with a cool-down, when it ended before the token arrived', async () => {
      const tokens = replica();
      source.answer = { expiresInMs: 1_000 };
      const release = source.hold();
      const token = settled(tokens.getToken('billing'));
      await pass(2_000);
      release();
      await pass(0);
      expect(await token).toMatchObject({ status: 'rejected', reason: { code: 'TOKEN_RESPONSE_INVALID' } });
    });
  });
});

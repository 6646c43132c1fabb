import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { type Fleet, pass, settled, slow, startFleet } from '../testing/fleet.spec-support.js';
import { TokenWaitTimeoutError } from './contract/token-cache.errors.js';
import { type MemoryTokenStore } from './slot/memory-token-store.js';

describe('TokenClient', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => ({ shared, source, replica, stop } = startFleet()));
  afterEach(() => stop());

  describe('callers', () => {
    it('leave on their own signal without disturbing the others or the mint', async () => {
      const tokens = replica();
      const release = source.hold();
      const leader = new AbortController();
      const first = settled(tokens.getToken('billing', undefined, { signal: leader.signal }));
      const second = tokens.getToken('billing');
      await pass(10);
      leader.abort(new Error('the client went away'));
      expect(await first).toMatchObject({ reason: { message: 'the client went away' } });
      release();
      expect((await second).accessToken).toBe('fake-token-1');
    });

    it('who leave are told the reason of their signal, though a token is in hand that the store has yet to confirm', async () => {
      const tokens = replica({ nearCache: false }, slow(shared, { replies: { acquire: 100 } }));
      const first = tokens.getToken('billing');
      await pass(100);
      await first;
      const caller = new AbortController();
      const gone = settled(tokens.getToken('billing', undefined, { signal: caller.signal }));
      await pass(10);
      caller.abort(new Error('the client went away'));
      expect(await gone).toMatchObject({ reason: { message: 'the client went away' } });
    });

    it('who all left still have their token minted and shared', async () => {
      const release = source.hold();
      const caller = new AbortController();
      const gone = settled(replica().getToken('billing', undefined, { signal: caller.signal }));
      await pass(10);
      caller.abort();
      await gone;
      release();
      await pass(10);
      await replica().getToken('billing');
      expect(source.calls).toHaveLength(1);
    });

    it('with a signal that is already aborted are not served at all', async () => {
      await expect(
        replica().getToken('billing', undefined, { signal: AbortSignal.abort(new Error('late')) }),
      ).rejects.toThrow('late');
      expect(source.calls).toHaveLength(0);
    });

    it('with a signal that is already aborted are not given a token in hand either', async () => {
      const tokens = replica();
      await tokens.getToken('billing');
      const options = { signal: AbortSignal.abort(new Error('late')) };
      await expect(tokens.getToken('billing', undefined, options)).rejects.toThrow('late');
    });

    it('share one promise of a token in hand, so that a hit makes none', async () => {
      const tokens = replica();
      const token = await tokens.getToken('billing');
      const given = tokens.getToken('billing');
      expect(tokens.getToken('billing', undefined, { minLifeMs: 1_000 })).toBe(given);
      expect(await given).toBe(token);
    });

    it('wait for another replica no longer than waitTimeoutMs', async () => {
      source.hold();
      const policy = { mintTimeoutMs: 10_000, leaseMs: 1_000 };
      void settled(replica(policy).getToken('billing'));
      await pass(1);
      const waiting = settled(
        replica({ mintTimeoutMs: 1_000, leaseMs: 1_000, waitTimeoutMs: 2_000 }).getToken('billing'),
      );
      await pass(2_000);
      expect(await waiting).toMatchObject({ reason: expect.any(TokenWaitTimeoutError) });
    });

    it('are told which integrations there are when they ask for another', async () => {
      await expect(replica().getToken('crm')).rejects.toMatchObject({
        code: 'TOKEN_INTEGRATION_UNKNOWN',
        message: expect.stringContaining('billing'),
      });
    });

    it.each([
      ['scopes', { scopes: 'a' }],
      ['tenant', { tenant: '' }],
      ['subject', { subject: 7 }],
    ])('are refused a request whose %s cannot be', async (field, request) => {
      await expect(replica().getToken('billing', request as object)).rejects.toMatchObject({
        code: 'TOKEN_CONFIG_INVALID',
        field: `request.${field}`,
      });
    });
  });
});

import { FakeTokenSource } from '../testing/fake-token-source.js';
import { type FaultyTokenStore } from '../testing/faulty-token-store.js';
import { type Fleet, pass, SECOND, settled, silent, startFleet } from '../testing/fleet.spec-support.js';
import { TokenSourceUnavailableError } from './contract/token-cache.errors.js';
import { type TokenSource, tokenSource } from './contract/token-source.js';
import { type Acquired } from './contract/token-store.js';
import { MemoryTokenStore } from './slot/memory-token-store.js';
import { type TokenClient } from './token-client.js';

describe('A provider', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => ({ shared, source, replica, stop } = startFleet()));
  afterEach(() => stop());

  describe('that is asked for more tokens at once than maxOpenMints', () => {
    const tenants = Array.from({ length: 6 }, (_, i) => ({ tenant: `tenant-${i}` }));
    let tokens: TokenClient;
    let network: FaultyTokenStore;
    let release: () => void;
    let landed: Promise<PromiseSettledResult<unknown>[]>;

    beforeEach(async () => {
      network = silent(shared);
      tokens = replica({ maxOpenMints: 2 }, network);
      release = source.hold();
      landed = Promise.all(tenants.map((tenant) => settled(tokens.getToken('billing', tenant))));
      await pass(SECOND);
    });

    const askedByAnother = (tenant: object): Promise<Acquired> =>
      shared.acquire(tokens['keys'].of('billing', tenant).id, { nonce: 'other', leaseMs: SECOND, minTtlMs: 0 });

    it('sees no more requests than that, and all of them in the end', async () => {
      expect(source.calls).toHaveLength(2);
      release();
      await pass(0);
      expect((await landed).map(({ status }) => status)).toEqual(tenants.map(() => 'fulfilled'));
      expect(source.calls).toHaveLength(tenants.length);
    });

    it('has other processes wait for the keys that it is asked for, and not for those that wait their turn', async () => {
      const outcomes = await Promise.all(tenants.map(askedByAnother));
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['wait', 'wait', 'lease', 'lease', 'lease', 'lease']);
    });

    it('is not asked for a key that another process minted while it waited its turn', async () => {
      const other = new FakeTokenSource();
      const quick = replica({ integrations: { billing: { source: other } } });
      await quick.getToken('billing', tenants[5]);
      release();
      await pass(0);
      await landed;
      expect([source.calls.length, other.calls.length]).toEqual([tenants.length - 1, 1]);
    });

    it('is asked no sooner for those that wait their turn in vain, who hear so after mintTimeoutMs', async () => {
      await pass(9 * SECOND);
      const results = await Promise.race([landed, pass(6 * SECOND).then(() => landed)]);
      expect(results[5]).toMatchObject({ reason: { code: 'TOKEN_SOURCE_UNAVAILABLE' } });
    });

    it('lets nobody wait for a turn who has a token that the store has lost, and shares that again', async () => {
      release();
      await landed;
      const again = source.hold();
      for (const tenant of ['new', 'newer']) void settled(tokens.getToken('billing', { tenant }));
      await pass(0);
      const empty = new MemoryTokenStore();
      Object.assign(network, { inner: empty });
      for (const tenant of tenants) {
        const { accessToken, keyId } = await tokens.getToken('billing', tenant);
        await pass(0);
        expect(accessToken).toMatch(/^fake-token-[1-6]$/);
        expect((await empty.peek(keyId)).token).toBeDefined();
      }
      again();
    });

    it('is not asked by more for a token in hand that turns out to be purged', async () => {
      release();
      await landed;
      const again = source.hold();
      for (const tenant of ['new', 'newer']) void settled(tokens.getToken('billing', { tenant }));
      await pass(SECOND);
      await shared.purge(tokens['keys'].of('billing', tenants[0]).id);
      const next = tokens.getToken('billing', tenants[0]);
      await pass(SECOND);
      expect(source.calls).toHaveLength(tenants.length + 2);
      again();
      expect((await next).accessToken).toBe(`fake-token-${tenants.length + 3}`);
    });

    it('leaves those whose turn does not come a token that was rejected, and no error', async () => {
      release();
      await landed;
      const again = source.hold();
      const rejected = await tokens.getToken('billing', tenants[0]);
      for (const tenants of [
        ['a', 'b'],
        ['c', 'd'],
      ]) {
        for (const tenant of tenants) void settled(tokens.getToken('billing', { tenant }));
        await pass(SECOND);
      }
      await tokens.invalidate(rejected);
      const given = settled(tokens.getToken('billing', tenants[0]));
      // The turn of `c` and `d` comes when the requests for `a` and `b` are given up.
      await pass(10 * SECOND);
      expect(await given).toMatchObject({ value: { accessToken: rejected.accessToken } });
      again();
    });

    it('serves the tokens in hand meanwhile', async () => {
      release();
      await landed;
      const again = source.hold();
      void settled(tokens.getToken('billing', { tenant: 'new' }));
      void settled(tokens.getToken('billing', { tenant: 'newer' }));
      await pass(0);
      for (const tenant of tenants) await tokens.getToken('billing', tenant);
      again();
    });
  });

  it('is not asked by one integration for what another one has taken up, and the others go on', async () => {
    const at = (name: string, provider: string): TokenSource =>
      tokenSource(name, (request, context) => source.mint(request, context), { provider });
    const tokens = replica({
      maxOpenMints: 1,
      integrations: {
        a: { source: at('a', 'idp') },
        b: { source: at('b', 'idp') },
        c: { source: at('c', 'elsewhere') },
      },
    });
    const release = source.hold();
    const landed = ['a', 'b', 'c'].map((name) => settled(tokens.getToken(name)));
    await pass(SECOND);
    expect(source.calls.map(({ context }) => context.integration)).toEqual(['a', 'c']);
    release();
    await Promise.all(landed);
  });

  describe('that says with Retry-After when to come back', () => {
    let asked: string[];
    let tokens: TokenClient;

    /** A source that is throttled while it names a client that is. */
    function throttled(name: string, provider: string, client: string): TokenSource {
      return tokenSource(
        name,
        async () => {
          asked.push(name);
          if (name === 'throttled') throw new TokenSourceUnavailableError('429', { retryAfterMs: 20 * SECOND });
          return { accessToken: `${name}-token`, expiresInMs: 3_600 * SECOND };
        },
        { provider, client },
      );
    }

    beforeEach(async () => {
      asked = [];
      tokens = replica({
        integrations: {
          served: { source: throttled('served', 'idp', 'client') },
          throttled: { source: throttled('throttled', 'idp', 'client') },
          sibling: { source: throttled('sibling', 'idp', 'client') },
          otherClient: { source: throttled('otherClient', 'idp', 'another') },
          elsewhere: { source: throttled('elsewhere', 'elsewhere', 'client') },
        },
      });
      await tokens.getToken('served');
      await settled(tokens.getToken('throttled'));
      await pass(SECOND);
      asked = [];
    });

    it.each([
      ['left alone for another key of the same client', 'sibling', 'rejected', []],
      ['asked for another client', 'otherClient', 'fulfilled', ['otherClient']],
      ['no reason to leave another provider alone', 'elsewhere', 'fulfilled', ['elsewhere']],
      ['not needed for a token that is in hand', 'served', 'fulfilled', []],
    ])('is %s', async (_what, name, status, requests) => {
      expect((await settled(tokens.getToken(name))).status).toBe(status);
      expect(asked).toEqual(requests);
    });

    it('is left alone for as long as it says, and asked again then', async () => {
      for (let second = 1; second < 20; second++) {
        expect(await settled(tokens.getToken('sibling'))).toMatchObject({
          reason: { code: 'TOKEN_SOURCE_UNAVAILABLE', retryAfterMs: (20 - second) * SECOND },
        });
        await pass(SECOND);
      }
      expect(asked).toEqual([]);
      expect((await tokens.getToken('sibling')).accessToken).toBe('sibling-token');
    });
  });
});

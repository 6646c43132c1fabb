import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import {
  type Delays,
  type Fleet,
  HARD_EXPIRY,
  pass,
  REFRESH_AT,
  SECOND,
  settled,
  silent,
  slow,
  startFleet,
} from '../testing/fleet.spec-support.js';
import {
  TokenConfigError,
  TokenSourceRejectedError,
  TokenStoreUnavailableError,
  TokenWaitTimeoutError,
} from './contract/token-cache.errors.js';
import { TokenObserver } from './contract/token-observer.js';
import { type MintReason } from './contract/token-store.js';
import { MemoryTokenStore } from './slot/memory-token-store.js';
import { type TokenClient } from './token-client.js';

const MINUTE = 60 * SECOND;
const TEN_MINUTES = 10 * MINUTE;
/** From the birth of a token until ten minutes of it are not left any more. */
const TOO_LATE = HARD_EXPIRY - TEN_MINUTES + SECOND;

describe('A caller that needs a token for ten minutes', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => ({ shared, source, replica, stop } = startFleet()));
  afterEach(() => stop());

  const forTenMinutes = (tokens: TokenClient) => tokens.getToken('billing', undefined, { minLifeMs: TEN_MINUTES });

  const fleetOf = (processes: number): TokenClient[] => Array.from({ length: processes }, () => replica());

  it('is given the token in hand, without a call, while ten minutes of it are left', async () => {
    const network = new FaultyTokenStore(shared);
    const tokens = replica({}, network);
    const token = await tokens.getToken('billing');
    network.calls.length = 0;
    await pass(TOO_LATE - 2 * SECOND);
    expect(await forTenMinutes(tokens)).toBe(token);
    expect(network.calls).toEqual([]);
  });

  it('is given the token of the store, by one call, while ten minutes of it are left', async () => {
    await replica().getToken('billing');
    const network = new FaultyTokenStore(shared);
    await forTenMinutes(replica({}, network));
    expect(network.calls).toEqual(['acquire']);
    expect(source.calls).toHaveLength(1);
  });

  it('is given a token in its refresh window that lives long enough', async () => {
    const tokens = replica();
    const token = await tokens.getToken('billing');
    await pass(REFRESH_AT + SECOND);
    expect(await tokens.getToken('billing', undefined, { minLifeMs: MINUTE })).toBe(token);
  });

  it.each([1, 4])('is given a new token, by one mint however many ask in %i processes', async (processes) => {
    const fleet = fleetOf(processes);
    await Promise.all(fleet.map((tokens) => tokens.getToken('billing')));
    await pass(TOO_LATE);
    const release = source.hold();
    const waiting = Promise.all(fleet.flatMap((tokens) => Array.from({ length: 50 }, () => forTenMinutes(tokens))));
    await pass(200);
    release();
    await pass(SECOND);
    const given = await waiting;
    expect(new Set(given.map(({ accessToken }) => accessToken))).toEqual(new Set(['fake-token-2']));
    expect(given.every(({ expiresAt }) => expiresAt - Date.now() > TEN_MINUTES)).toBe(true);
    expect(source.calls).toHaveLength(2);
  });

  it.each([1, 4])('costs no more calls and mints than any miss, where %i processes have nothing', async (processes) => {
    const networks = Array.from({ length: processes }, () => new FaultyTokenStore(shared));
    await Promise.all(networks.map((network) => forTenMinutes(replica({}, network))));
    expect(networks[0]?.calls).toEqual(['acquire', 'commit']);
    expect(source.calls).toHaveLength(1);
  });

  it('joins the mint that callers without such a need wait for', async () => {
    const release = source.hold();
    const [near, far] = [replica(), replica()];
    const waiting = [near.getToken('billing'), forTenMinutes(near), forTenMinutes(far)];
    await pass(100);
    release();
    await pass(SECOND);
    const given = await Promise.all(waiting);
    expect(given.map(({ accessToken }) => accessToken)).toEqual(Array(3).fill('fake-token-1'));
    expect(source.calls).toHaveLength(1);
  });

  it('joins the refresh of another process, and waits for it', async () => {
    const [refreshing, other] = [replica(), replica()];
    await refreshing.getToken('billing');
    await other.getToken('billing');
    await pass(REFRESH_AT);
    const release = source.hold();
    await refreshing.getToken('billing');
    await pass(10);
    const waiting = forTenMinutes(other);
    await pass(100);
    release();
    await pass(SECOND);
    expect((await waiting).accessToken).toBe('fake-token-2');
    expect(source.calls).toHaveLength(2);
  });

  it.each([1, 4])('disturbs no caller that needs it for less, in %i processes', async (processes) => {
    const fleet = fleetOf(processes);
    await Promise.all(fleet.map((tokens) => tokens.getToken('billing')));
    await pass(TOO_LATE);
    const release = source.hold();
    const waiting = Promise.all(fleet.map(forTenMinutes));
    await pass(10);
    const given = await Promise.all(fleet.map((tokens) => tokens.getToken('billing')));
    expect(given.map(({ accessToken }) => accessToken)).toEqual(Array(processes).fill('fake-token-1'));
    release();
    await pass(SECOND);
    await waiting;
  });

  it('holds up no caller that needs it for less, while its token is on its way to a store that is not answering', async () => {
    const replies: Delays = {};
    const network = new FaultyTokenStore(slow(shared, { replies }));
    const tokens = replica({ nearCache: false }, network);
    const token = await tokens.getToken('billing');
    await pass(TOO_LATE);
    replies.commit = 400;
    const minting = forTenMinutes(tokens);
    await pass(0);
    network.fault = () => 'reject';
    const given = jest.fn();
    void tokens.getToken('billing').then(given);
    await pass(0);
    expect(given).toHaveBeenCalledWith(token);
    await pass(400);
    expect((await minting).accessToken).toBe('fake-token-2');
  });

  describe.each([
    ['', () => undefined],
    [' while the store does not answer', () => 'reject' as const],
  ])('has its mint%s', (_when, fault) => {
    let tokens: TokenClient;
    let reasons: MintReason[];

    beforeEach(async () => {
      const network = new FaultyTokenStore(shared);
      reasons = [];
      tokens = replica({}, network);
      tokens.observe(
        new (class extends TokenObserver {
          override minted = (_integration: string, { reason }: { reason: MintReason }): void =>
            void reasons.push(reason);
        })(),
      );
      network.fault = fault;
    });

    it('counted as a refresh', async () => {
      await tokens.getToken('billing');
      await pass(TOO_LATE);
      await forTenMinutes(tokens);
      expect(reasons.at(-1)).toBe('refresh');
    });

    it('counted as a miss where there is no token', async () => {
      await forTenMinutes(tokens);
      expect(reasons).toEqual(['miss']);
    });
  });

  describe('of a provider whose tokens live for five minutes', () => {
    beforeEach(() => (source.answer = { expiresInMs: 5 * MINUTE }));

    it.each([
      [1, 'events', (store: MemoryTokenStore) => store],
      [4, 'events', (store: MemoryTokenStore) => store],
      [4, 'a store without events', silent],
    ])('is told so, after one mint in the life of a token, with %i processes and %s', async (processes, _how, over) => {
      const fleet = Array.from({ length: processes }, () => replica({ refreshWindowMs: 0 }, over(shared)));
      for (let round = 0; round < 20; round++) {
        const results = Promise.all(
          fleet.flatMap((tokens) => [settled(forTenMinutes(tokens)), settled(forTenMinutes(tokens))]),
        );
        await pass(10 * SECOND);
        for (const result of await results) {
          expect(result).toMatchObject({
            reason: { code: 'TOKEN_LIFE_TOO_SHORT', lifeMs: 270_000, minLifeMs: TEN_MINUTES },
          });
        }
      }
      expect(source.calls).toHaveLength(1);
    });

    it('leaves its token to callers who need it for less', async () => {
      const tokens = replica();
      await settled(forTenMinutes(tokens));
      expect((await tokens.getToken('billing')).accessToken).toBe('fake-token-1');
      expect(await tokens.status('billing')).toMatchObject({ state: 'valid', lastErrorCode: undefined });
    });

    it('makes no call of the store for what is known', async () => {
      const network = new FaultyTokenStore(shared);
      const tokens = replica({}, network);
      await settled(forTenMinutes(tokens));
      network.calls.length = 0;
      for (let call = 0; call < 100; call++) await settled(forTenMinutes(tokens));
      expect(network.calls).toEqual([]);
    });

    it('releases the lease at once, in a process that learns it from the store', async () => {
      await replica().getToken('billing');
      await pass(100);
      const network = new FaultyTokenStore(shared);
      const tokens = replica({}, network);
      await settled(forTenMinutes(tokens));
      expect(network.calls).toEqual(['acquire', 'fail']);
      expect(await tokens.status('billing')).toMatchObject({ state: 'valid', coolingMs: undefined });
    });

    it('is told so without a mint, in a process that holds a token which lived longer', async () => {
      source.answer = { expiresInMs: 60 * MINUTE };
      const network = silent(slow(shared, { replies: { acquire: 10 } }));
      const [tokens, refreshing] = [replica({}, network), replica()];
      await refreshing.getToken('billing');
      const first = tokens.getToken('billing');
      await pass(REFRESH_AT);
      await first;
      source.answer = { expiresInMs: 5 * MINUTE };
      await refreshing.getToken('billing');
      await pass(0);
      const asking = settled(forTenMinutes(tokens));
      await pass(100);
      expect(await asking).toMatchObject({ reason: { code: 'TOKEN_LIFE_TOO_SHORT', lifeMs: 270_000 } });
      expect(source.calls).toHaveLength(2);
    });

    it('is given one that lives longer and came to its process just before it would have been told so', async () => {
      const tokens = replica({ nearCache: false }, slow(shared, { requests: { fail: 400 } }));
      const other = replica();
      await other.getToken('billing');
      const asking = settled(forTenMinutes(tokens));
      await pass(100);
      await other.purge('billing');
      source.answer = { expiresInMs: 60 * MINUTE };
      await other.getToken('billing');
      await tokens.getToken('billing');
      await pass(300);
      expect(await asking).toMatchObject({ value: { accessToken: 'fake-token-2' } });
    });

    it('is given the token in hand that lives longer, though its store came back empty and has one of those', async () => {
      source.answer = { expiresInMs: 60 * MINUTE };
      const network = silent(shared);
      const tokens = replica({}, network);
      await tokens.getToken('billing');
      await pass(SECOND);
      const empty = new MemoryTokenStore();
      Object.assign(network, { inner: empty });
      source.answer = { expiresInMs: 5 * MINUTE };
      await replica({}, empty).getToken('billing');
      expect((await forTenMinutes(tokens)).accessToken).toBe('fake-token-1');
    });

    it('is told so, and not that it has no other, where an upstream refused one that lives longer', async () => {
      source.answer = { expiresInMs: 60 * MINUTE };
      const network = new FaultyTokenStore(slow(shared, { replies: { acquire: 10 } }));
      const tokens = replica({}, network);
      const first = tokens.getToken('billing');
      await pass(10);
      const refused = await first;
      source.answer = { expiresInMs: 5 * MINUTE };
      network.fault = (operation) => (operation === 'commit' ? 'reject' : undefined);
      const { supply } = tokens['parts'];
      const replaced = settled(supply.replace(tokens['keys'].of('billing'), refused, { minLifeMs: TEN_MINUTES }));
      await pass(100);
      expect(await replaced).toMatchObject({ reason: { code: 'TOKEN_LIFE_TOO_SHORT' } });
      expect(source.calls).toHaveLength(2);
    });

    it('is served once the provider gives tokens that live longer', async () => {
      const tokens = replica({ refreshWindowMs: 0 });
      await settled(forTenMinutes(tokens));
      source.answer = { expiresInMs: 60 * MINUTE };
      await pass(5 * MINUTE);
      expect((await forTenMinutes(tokens)).accessToken).toBe('fake-token-2');
    });
  });

  it('costs at most one mint in a tenth of a life, however close to the whole of it the need is', async () => {
    source.answer = { expiresInMs: 1_000 * SECOND };
    const tokens = replica({ safetyMarginMs: 0, refreshWindowMs: 0 });
    const need = { minLifeMs: 900 * SECOND };
    for (let passed = 0; passed < 1_000 * SECOND; passed += 5 * SECOND) {
      await tokens.getToken('billing', undefined, need);
      await pass(5 * SECOND);
    }
    expect(source.calls.length).toBeLessThanOrEqual(11);
    await pass(100 * SECOND);
    const more = settled(tokens.getToken('billing', undefined, { minLifeMs: 900 * SECOND + 1 }));
    expect(await more).toMatchObject({ reason: { code: 'TOKEN_LIFE_TOO_SHORT' } });
  });

  it('is told after one mint that its token lives too short by then, where it took too long to share it', async () => {
    source.answer = { expiresInMs: 10 * SECOND };
    const policy = { safetyMarginMs: 0, refreshWindowMs: 0, storeTimeoutMs: 5 * SECOND };
    const tokens = replica(policy, slow(shared, { replies: { commit: 2 * SECOND } }));
    const asking = settled(tokens.getToken('billing', undefined, { minLifeMs: 9 * SECOND }));
    await pass(9 * SECOND);
    expect(await asking).toMatchObject({
      reason: { code: 'TOKEN_LIFE_TOO_SHORT', lifeMs: 8 * SECOND, minLifeMs: 9 * SECOND },
    });
    expect(source.calls).toHaveLength(1);
  });

  it('is given no rejected token that lives shorter, when its time is over', async () => {
    const tokens = replica({ waitTimeoutMs: 2_000, mintTimeoutMs: 1_000, leaseMs: 500 });
    const rejected = await tokens.getToken('billing');
    await pass(TOO_LATE);
    source.hold();
    await tokens.invalidate(rejected);
    void settled(replica().getToken('billing'));
    await pass(10);
    const waiting = settled(forTenMinutes(tokens));
    await pass(2_000);
    expect(await waiting).toMatchObject({ reason: expect.any(TokenWaitTimeoutError) });
  });

  it('hears of the cool-down, though a token for others is in hand, and one mint is tried', async () => {
    const fleet = fleetOf(4);
    await Promise.all(fleet.map((tokens) => tokens.getToken('billing')));
    await pass(TOO_LATE);
    source.failure = new TokenSourceRejectedError('no', { oauthError: 'invalid_scope' });
    for (let round = 0; round < 10; round++) {
      const results = Promise.all(fleet.map((tokens) => settled(forTenMinutes(tokens))));
      await pass(SECOND);
      for (const result of await results) expect(result).toMatchObject({ reason: { code: 'TOKEN_SOURCE_REJECTED' } });
    }
    expect(source.calls).toHaveLength(2);
    expect(
      (await Promise.all(fleet.map((tokens) => tokens.getToken('billing')))).map(({ accessToken }) => accessToken),
    ).toEqual(Array(4).fill('fake-token-1'));
  });

  it('asks the store at most twice a second for the cool-down', async () => {
    const network = new FaultyTokenStore(shared);
    const tokens = replica({}, network);
    await tokens.getToken('billing');
    await pass(TOO_LATE);
    source.failure = new TokenSourceRejectedError('no', { oauthError: 'invalid_scope' });
    await settled(forTenMinutes(tokens));
    network.calls.length = 0;
    for (let passed = 0; passed < 4 * SECOND; passed += 25) {
      await settled(forTenMinutes(tokens));
      await pass(25);
    }
    expect(network.calls.length).toBeLessThanOrEqual(8);
  });

  it('mints alone while the store does not answer, once in a life', async () => {
    const network = new FaultyTokenStore(shared);
    const tokens = replica({}, network);
    await tokens.getToken('billing');
    await pass(TOO_LATE);
    network.fault = () => 'reject';
    for (let call = 0; call < 20; call++) expect((await forTenMinutes(tokens)).accessToken).toBe('fake-token-2');
    expect(source.calls).toHaveLength(2);
  });

  it('is told that the store does not answer where policy forbids to mint without it, and others are served', async () => {
    const network = new FaultyTokenStore(shared);
    const tokens = replica({ whenStoreUnavailable: 'fail' }, network);
    await tokens.getToken('billing');
    await pass(TOO_LATE);
    network.fault = () => 'reject';
    expect(await settled(forTenMinutes(tokens))).toMatchObject({ reason: expect.any(TokenStoreUnavailableError) });
    expect((await tokens.getToken('billing')).accessToken).toBe('fake-token-1');
  });

  it('has a rejected token replaced as any caller', async () => {
    const tokens = replica();
    await tokens.invalidate(await tokens.getToken('billing'));
    expect((await forTenMinutes(tokens)).accessToken).toBe('fake-token-2');
  });

  it('sends its request with a token that lives as long', async () => {
    const tokens = replica();
    await tokens.getToken('billing');
    await pass(TOO_LATE);
    const transport = {
      send: ({ accessToken }: { accessToken: string }) => Promise.resolve(accessToken),
      statusOf: () => ({ status: 200 }),
      canSendAgain: () => true,
      discard: () => undefined,
    };
    expect(await tokens.send('billing', transport, { minLifeMs: TEN_MINUTES })).toBe('fake-token-2');
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 86_400_001, '5', null])(
    'is refused a minLifeMs of %p, and nothing is minted',
    async (minLifeMs) => {
      const asking = settled(replica().getToken('billing', undefined, { minLifeMs: minLifeMs as number }));
      expect(await asking).toMatchObject({ reason: expect.any(TokenConfigError) });
      expect(await asking).toMatchObject({
        reason: { field: 'minLifeMs', problem: 'must be a number of milliseconds from 0 to maxLifeMs (86400000)' },
      });
      expect(source.calls).toEqual([]);
    },
  );

  it('may ask for as long as any token may live, which is refused only once the life of a token is known', async () => {
    const asking = settled(replica().getToken('billing', undefined, { minLifeMs: 86_400_000 }));
    expect(await asking).toMatchObject({ reason: { code: 'TOKEN_LIFE_TOO_SHORT' } });
  });

  it('has no token offered to a store that has the one which ends too soon', async () => {
    const replies: Delays = {};
    const network = new FaultyTokenStore(slow(shared, { replies }));
    const [tokens, minting] = [replica({ nearCache: false }, network), replica()];
    await tokens.getToken('billing');
    await minting.getToken('billing');
    await pass(TOO_LATE);
    const release = source.hold();
    const first = forTenMinutes(minting);
    await pass(0);
    network.calls.length = 0;
    replies.acquire = 400;
    const told = forTenMinutes(tokens);
    await pass(100);
    release();
    await first;
    replies.acquire = 0;
    await tokens.getToken('billing');
    await pass(300);
    expect((await told).accessToken).toBe('fake-token-2');
    expect(network.calls).toEqual(['acquire', 'acquire']);
  });

  it('has its mint go on under the lease that its process is granted for others by a store that lost everything', async () => {
    const network = silent(shared);
    const tokens = replica({}, network);
    await tokens.getToken('billing');
    await pass(TOO_LATE);
    const release = source.hold();
    const minting = forTenMinutes(tokens);
    await pass(10);
    const empty = new MemoryTokenStore();
    Object.assign(network, { inner: empty });
    network.calls.length = 0;
    expect((await tokens.getToken('billing')).accessToken).toBe('fake-token-1');
    release();
    await pass(0);
    expect((await minting).accessToken).toBe('fake-token-2');
    expect((await replica({}, empty).getToken('billing')).accessToken).toBe('fake-token-2');
    expect(network.calls).toEqual(['acquire', 'commit']);
  });

  it('does not have the token shared again of which exactly so much is left', async () => {
    const network = new FaultyTokenStore(shared);
    const tokens = replica({ nearCache: false }, network);
    const { accessToken: first } = await tokens.getToken('billing');
    await pass(HARD_EXPIRY / 2);
    const { accessToken: again } = await tokens.getToken('billing', {}, { minLifeMs: HARD_EXPIRY / 2 });
    await pass(0);
    expect([again, network.calls]).toEqual([first, ['acquire', 'commit', 'acquire', 'fail']]);
  });
});

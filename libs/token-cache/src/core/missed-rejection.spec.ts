import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import {
  accessToken,
  type Fleet,
  HOUR,
  pass,
  SECOND,
  settled,
  slow,
  startFleet,
} from '../testing/fleet.spec-support.js';
import { TokenSourceRejectedError, TokenSourceUnavailableError } from './contract/token-cache.errors.js';
import { type MemoryTokenStore } from './slot/memory-token-store.js';
import { type TokenClient } from './token-client.js';

const PACE_MS = 5 * SECOND;
/** In which upkeep brings a token in that was minted alone, and a breaker lets a call through. */
const SETTLING_MS = 2 * SECOND;

describe('A rejection that the store missed', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];
  let store: FaultyTokenStore;
  let tokens: TokenClient;

  beforeEach(async () => {
    ({ shared, source, replica, stop } = startFleet());
    store = new FaultyTokenStore(shared);
    tokens = replica({}, store);
  });
  afterEach(() => stop());

  /** Rejects the token in hand while the store misses it, which is away altogether or for that call alone. */
  const missRejection = async (of: 'every call' | 'that call' = 'every call'): Promise<void> => {
    const token = await tokens.getToken('billing');
    store.fault = (operation) => (of === 'every call' || operation === 'invalidate' ? 'reject' : undefined);
    expect(await tokens.invalidate(token)).toBe(true);
  };
  const heal = (): void => void (store.fault = () => undefined);

  describe.each(['every call', 'that call'] as const)('like %s', (missed) => {
    it.each([
      ['status()', (of: TokenClient) => of.status('billing')],
      ['peek()', (of: TokenClient) => of.peek('billing')],
    ])('is not undone by a look of %s', async (_what, look) => {
      await missRejection(missed);
      await pass(SETTLING_MS);
      heal();
      await look(tokens);
      expect(await accessToken(tokens)).toBe('fake-token-2');
    });

    it('is that of no token that peek() gives, nor of one that status() calls valid', async () => {
      await missRejection(missed);
      await pass(SETTLING_MS);
      heal();
      expect([await tokens.peek('billing'), (await tokens.status('billing')).state]).toEqual([undefined, 'missing']);
    });
  });

  it('hides from status() no cool-down of the fleet', async () => {
    await missRejection();
    await pass(HOUR / 2);
    source.failure = new TokenSourceRejectedError('no', { oauthError: 'invalid_scope' });
    await settled(replica().getToken('billing', undefined, { minLifeMs: HOUR / 2 }));
    heal();
    expect(await tokens.status('billing')).toMatchObject({ state: 'cooling', coolingMs: 30 * SECOND });
  });

  it('is not undone by the look of a caller that waits for a place to mint', async () => {
    tokens = replica({ maxOpenMints: 1 }, store);
    await accessToken(tokens);
    const release = source.hold();
    void settled(tokens.getToken('billing', { tenant: 'another' }));
    await pass(10);
    await missRejection('that call');
    heal();
    const next = accessToken(tokens);
    await pass(100);
    release();
    expect(await next).not.toBe('fake-token-1');
  });

  it.each([
    ['purge() that the store refuses', 'reject', (of: TokenClient) => of.purge('billing')],
    ['purge() without an answer', 'hang', (of: TokenClient) => of.purge('billing')],
    ['purgeAll() that the store refuses', 'reject', (of: TokenClient) => of.purgeAll('billing')],
    ['purgeAll() without an answer', 'hang', (of: TokenClient) => of.purgeAll('billing')],
  ] as const)('outlasts a %s', async (_what, fault, purge) => {
    await missRejection();
    store.fault = () => fault;
    const purged = settled(purge(tokens));
    await pass(10 * SECOND);
    expect(await purged).toMatchObject({ reason: { code: 'TOKEN_STORE_UNAVAILABLE' } });
    heal();
    await pass(SETTLING_MS);
    expect(await accessToken(tokens)).not.toBe('fake-token-1');
    expect(await accessToken(replica())).not.toBe('fake-token-1');
  });

  it('is told no more once the token was purged', async () => {
    await missRejection('that call');
    heal();
    await replica().purge('billing');
    await pass(0);
    store.calls.length = 0;
    await accessToken(tokens);
    expect(store.calls).not.toContain('invalidate');
  });

  it('does not stand in the way of a look once its token has ended', async () => {
    await missRejection();
    await pass(HOUR);
    heal();
    expect((await tokens.status('billing')).state).toBe('missing');
  });

  it('outlasts one of a token that was minted alone since', async () => {
    await missRejection();
    const second = await tokens.getToken('billing');
    await pass(PACE_MS);
    expect(await tokens.invalidate(second)).toBe(true);
    await pass(SETTLING_MS);
    heal();
    expect(['fake-token-1', 'fake-token-2']).not.toContain(await accessToken(tokens));
    expect(['fake-token-1', 'fake-token-2']).not.toContain(await accessToken(replica()));
  });

  it('outlasts one of a token that cannot be replaced either', async () => {
    await missRejection();
    const second = await tokens.getToken('billing');
    await pass(PACE_MS);
    source.failure = new TokenSourceUnavailableError('down');
    await tokens.invalidate(second);
    await settled(tokens.getToken('billing'));
    delete source.failure;
    await pass(60 * SECOND);
    heal();
    expect(await accessToken(tokens)).toBe('fake-token-4');
  });

  it('outlasts an earlier one that the store is being told of', async () => {
    const replies = { invalidate: 0 };
    const inner = new FaultyTokenStore(slow(shared, { replies }));
    store = new FaultyTokenStore(inner);
    tokens = replica({ rejection: { paceMs: 100, maxPaceMs: 100 } }, store);
    await missRejection('that call');
    await pass(11 * SECOND);
    heal();
    // Its effect is there, and its answer is an error at once.
    inner.commit = (...args) => shared.commit(...args).then(() => Promise.reject(new Error('connection lost')));
    replies.invalidate = 450;
    const slowly = settled(tokens.getToken('billing', {}, { minLifeMs: 1 }));
    await pass(1);
    replies.invalidate = 0;
    const second = await tokens.getToken('billing');
    await pass(150);
    store.fault = (operation) => (operation === 'invalidate' ? 'reject' : undefined);
    expect(await tokens.invalidate(second)).toBe(true);
    heal();
    await pass(500);
    await slowly;
    expect(await accessToken(tokens)).not.toBe(second.accessToken);
  });
});

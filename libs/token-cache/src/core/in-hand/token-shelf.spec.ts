import { FakeClock } from '../../testing/fake-clock.js';
import { billingKey } from '../../testing/billing-key.spec-support.js';
import { type HeldToken, NearCache } from './near-cache.js';
import { PayloadCodec, type TokenContent } from '../store-client/payload-codec.js';
import { type TokenKey } from '../config/token-key.js';
import { TokenObserver } from '../contract/token-observer.js';
import { TokenObservers } from '../contract/token-observers.js';
import { isUsable, TokenShelf } from './token-shelf.js';
import { StoreEvents, type KeyWatch } from '../store-client/store-events.js';

const HOUR = 3_600_000;

describe('TokenShelf', () => {
  const codec = new PayloadCodec();
  let key: TokenKey;
  let clock: FakeClock;
  let near: NearCache;
  let shelf: TokenShelf;
  let watch: KeyWatch;
  let seen: unknown[];

  beforeEach(() => {
    key = billingKey();
    clock = new FakeClock();
    near = new NearCache({ maxEntries: 10, maxAgeMs: 5_000 }, 10, undefined);
    watch = new StoreEvents(
      clock,
      () => 0,
      undefined,
      () => {},
    ).watch(key.id);
    seen = [];
    const observers = new TokenObservers();
    observers.add(
      new (class extends TokenObserver {
        override unreadable(...details: unknown[]): void {
          seen.push(['unreadable', ...details]);
        }
        override learned(...details: unknown[]): void {
          seen.push(['learned', ...details]);
        }
      })(),
    );
    shelf = new TokenShelf(near, codec, clock, observers);
  });

  function content(fence: number, more: Partial<TokenContent> = {}): TokenContent {
    const expiresAt = clock.now() + HOUR;
    return { accessToken: `token-${fence}`, tokenType: 'Bearer', expiresAt, refreshWindowMs: 300_000, ...more };
  }

  function stored(fence: number, { ttlMs = HOUR, ...more }: Partial<TokenContent> & { ttlMs?: number } = {}) {
    return { fence, ttlMs, payload: codec.encode(key.id, fence, content(fence, more)) };
  }

  const adopt = (token: ReturnType<typeof stored>, sentAt = clock.monotonic()) =>
    shelf.adopt(key, token, sentAt, watch);

  it('reckons the life of a token of the store from before it was asked', async () => {
    await clock.advance(1_000);
    const held = adopt(stored(7, { scope: 'read' }), 400);
    expect(held).toMatchObject({
      endsAt: HOUR + 400,
      refreshAt: HOUR - 299_600,
      confirmedAt: 400,
      maintainAt: HOUR - 299_600,
    });
    expect(isUsable(held) && held.token).toMatchObject({
      accessToken: 'token-7',
      tokenType: 'Bearer',
      scope: 'read',
      integration: 'billing',
      generation: 7,
      expiresAt: clock.now() + HOUR,
      refreshAt: clock.now() + HOUR - 300_600,
      keyId: key.id,
    });
    expect(near.valid(key.id, clock.monotonic())).toBe(held);
    expect(seen).toEqual([['learned', 'billing', clock.now() + HOUR]]);
  });

  it('never refreshes a token that has no refresh window', () => {
    expect(adopt(stored(7, { refreshWindowMs: 0 }))).toMatchObject({ maintainAt: Infinity });
  });

  it('confirms the token that it holds already, without a new one', async () => {
    const held = adopt(stored(7));
    await clock.advance(500);
    expect(adopt(stored(7, { ttlMs: HOUR - 500 }), 450)).toBe(held);
    expect(held).toMatchObject({ endsAt: HOUR, confirmedAt: 450 });
    expect(seen).toHaveLength(1);
  });

  it('takes over from the store what it minted without it', () => {
    const { endsAt, refreshAt } = adopt(stored(7)) as HeldToken;
    shelf.keep(key, { content: content(7), endsAt, refreshAt }, 7, 0, {});
    expect(adopt(stored(7))).not.toHaveProperty('unshared');
  });

  describe.each(['invalidated', 'purged'] as const)('when tokens were %s meanwhile', (type) => {
    it.each([7, 8])('takes none of a generation up to that', (fence) => {
      watch.notice({ type, keyId: key.id, fence });
      expect(adopt(stored(7))).toBe('voided');
      expect(near.valid(key.id, 0)).toBeUndefined();
    });

    it('takes one that is newer', () => {
      watch.notice({ type, keyId: key.id, fence: 6 });
      expect(isUsable(adopt(stored(7)))).toBe(true);
    });
  });

  it('takes no token that ended on its way', async () => {
    await clock.advance(1_000);
    expect(adopt(stored(7, { ttlMs: 1_000 }), 0)).toBe('voided');
    expect(isUsable(adopt(stored(7, { ttlMs: 1_001 }), 0))).toBe(true);
  });

  it('takes no token that was rejected here', () => {
    near.reject(key.id, (adopt(stored(7)) as HeldToken).token);
    expect(adopt(stored(8, { accessToken: 'token-7' }))).toBe('rejected');
  });

  it('takes no token that it cannot read, and says so', () => {
    expect(adopt({ fence: 7, ttlMs: HOUR, payload: 'sealed by somebody else' })).toBe('unreadable');
    expect(seen).toEqual([['unreadable', 'billing']]);
  });

  it('takes no older token than the shared one that it holds, unless the answer is older, too', () => {
    adopt(stored(8), 100);
    expect(adopt(stored(7), 100)).toBe('outdated');
    expect(isUsable(adopt(stored(7), 99))).toBe(true);
    expect(near.valid(key.id, 100)?.token.generation).toBe(8);
  });

  it('looks soon after a token that the store does not have', async () => {
    await clock.advance(100);
    const lease = { nonce: 'n', fence: 7, leaseMs: 1 };
    const held = shelf.keep(key, { content: content(7), endsAt: HOUR, refreshAt: HOUR }, 7, 50, { lease });
    expect(held).toMatchObject({ maintainAt: 1_100, confirmedAt: 50, unshared: { lease } });
  });
});

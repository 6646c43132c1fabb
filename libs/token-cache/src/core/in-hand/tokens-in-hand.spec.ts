import { billingKey } from '../../testing/billing-key.spec-support.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { type NearCachePolicy } from '../config/policy.js';
import { type TokenKey } from '../config/token-key.js';
import { type HeldToken, type Sharing } from '../contract/held-token.js';
import { type TokenContent } from '../contract/token-content.js';
import { TokenObserver } from '../contract/token-observer.js';
import { TokenObservers } from '../contract/token-observers.js';
import { type StoredToken } from '../contract/token-store.js';
import { KeyWatch } from '../store-client/key-watch.js';
import { PayloadCodec } from '../store-client/payload-codec.js';
import { TokensInHand } from './tokens-in-hand.js';

const HOUR = 3_600_000;
const MAX_AGE_MS = 5_000;
const SHARED: Sharing = { state: 'shared' };
const LOCAL: Sharing = { state: 'local' };
const UNANSWERED: Sharing = { state: 'unanswered', lease: { nonce: 'n', fence: 7, leaseMs: 1 } };

describe('TokensInHand', () => {
  const codec = new PayloadCodec(new Map());
  const channel: { upSince: number | undefined } = { upSince: 0 };
  let key: TokenKey;
  let clock: FakeClock;
  let tokens: TokensInHand;
  let watch: KeyWatch;
  let seen: unknown[];

  beforeEach(() => {
    key = billingKey();
    clock = new FakeClock();
    channel.upSince = 0;
    watch = new KeyWatch({ lookAgain: () => () => {} }, () => {});
    seen = [];
    tokens = inHand();
  });

  function inHand(
    policy: NearCachePolicy | false = { maxEntries: 10, maxAgeMs: MAX_AGE_MS },
    own: { upSince: number | undefined } | undefined = channel,
  ): TokensInHand {
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
    return new TokensInHand({ policy, maxEntries: 10, channel: own, clock, codec, observers });
  }

  function content(fence: number, more: Partial<TokenContent> = {}): TokenContent {
    const expiresAt = clock.now() + HOUR;
    return { accessToken: `token-${fence}`, tokenType: 'Bearer', expiresAt, refreshWindowMs: 300_000, ...more };
  }

  function stored(fence: number, { ttlMs = HOUR, ...more }: Partial<TokenContent> & { ttlMs?: number } = {}) {
    return { fence, ttlMs, payload: codec.encode(key.id, fence, content(fence, more)) };
  }

  const admit = (token: StoredToken, sentAt = clock.monotonic()) => tokens.admit(key, token, sentAt, watch);

  /** A token of the store that is in hand now. */
  function admitted(token: StoredToken, sentAt?: number): HeldToken {
    const admission = admit(token, sentAt);
    if (admission.outcome !== 'held') throw new Error(admission.outcome);
    return admission.held;
  }

  function keep(
    generation: number,
    sharing: Sharing,
    { endsAt = HOUR, confirmedAt = 0, own = tokens } = {},
  ): HeldToken {
    const fresh = { content: content(generation), endsAt, refreshAt: endsAt - 300_000 };
    return own.keep(key, fresh, generation, confirmedAt, sharing);
  }

  const generation = (own = tokens): number | undefined => own.valid(key.id, clock.monotonic())?.token.generation;

  describe('trusts a token without asking the store', () => {
    it('until its hard expiry', () => {
      keep(7, SHARED);
      expect(tokens.trusted(key.id, HOUR - 1)).toBeDefined();
      for (const look of ['trusted', 'valid', 'lastResort'] as const)
        expect(tokens[look](key.id, HOUR)).toBeUndefined();
    });

    it('only if the store confirmed it since events arrive', () => {
      keep(7, SHARED, { confirmedAt: 100 });
      channel.upSince = 100;
      expect(tokens.trusted(key.id, 200)).toBeDefined();
      channel.upSince = 101;
      expect(tokens.trusted(key.id, 200)).toBeUndefined();
      expect(tokens.valid(key.id, 200)).toBeDefined();
    });

    it('for maxAgeMs after the store confirmed it while no events arrive', () => {
      keep(7, SHARED, { confirmedAt: 100 });
      channel.upSince = undefined;
      expect(tokens.trusted(key.id, 99 + MAX_AGE_MS)).toBeDefined();
      expect(tokens.trusted(key.id, 100 + MAX_AGE_MS)).toBeUndefined();
    });

    it.each([
      ['the near cache is off', () => inHand(false)],
      ['the store has no events', () => new TokensInHand({ ...tokens['parts'], channel: undefined })],
    ])('only if the store does not know it, when %s', (_when, make) => {
      const own = make();
      keep(7, SHARED, { own });
      expect(own.trusted(key.id, 200)).toBeUndefined();
      keep(8, LOCAL, { own });
      expect(own.trusted(key.id, 200)).toBeDefined();
    });

    it('never once it is rejected', () => {
      tokens.reject(key.id, keep(7, SHARED));
      expect([tokens.trusted(key.id, 0), tokens.valid(key.id, 0)]).toEqual([undefined, undefined]);
      expect(tokens.lastResort(key.id, 0)?.token.generation).toBe(7);
    });
  });

  describe('admits a token of the store', () => {
    it('whose life is reckoned from before the store was asked', async () => {
      await clock.advance(1_000);
      const held = admitted(stored(7, { scope: 'read' }), 400);
      const refreshAt = HOUR - 299_600;
      expect(held).toMatchObject({
        endsAt: HOUR + 400,
        refreshAt,
        tendAt: refreshAt,
        obtainedAt: 1_000,
        sharing: SHARED,
      });
      expect(held.token).toMatchObject({
        accessToken: 'token-7',
        tokenType: 'Bearer',
        scope: 'read',
        integration: 'billing',
        generation: 7,
        expiresAt: clock.now() + HOUR,
        refreshAt: clock.now() + HOUR - 300_600,
        keyId: key.id,
      });
      expect(tokens.valid(key.id, clock.monotonic())).toBe(held);
      expect(seen).toEqual([['learned', 'billing', clock.now() + HOUR]]);
    });

    it('and never tends one that has no refresh window', () => {
      const held = admitted(stored(7, { refreshWindowMs: 0 }));
      expect(held.tendAt).toBe(held.endsAt);
    });

    it('by confirming the one that it holds already, and ends its mark', async () => {
      const held = admitted(stored(7));
      tokens.reject(key.id, held);
      await clock.advance(500);
      expect(admitted(stored(7, { ttlMs: HOUR - 500 }), 450)).toBe(held);
      channel.upSince = 450;
      expect(tokens.trusted(key.id, 500)).toBe(held);
      expect(seen).toHaveLength(1);
    });

    it.each([LOCAL, UNANSWERED])('in place of the same one that was %j', (sharing) => {
      keep(7, sharing);
      expect(admitted(stored(7)).sharing).toEqual(SHARED);
    });

    describe.each(['invalidated', 'purged'] as const)('but, when tokens were %s meanwhile,', (type) => {
      it.each([7, 8])('none of a generation up to %i', (fence) => {
        watch.notice({ type, keyId: key.id, fence });
        expect(admit(stored(7))).toEqual({ outcome: 'voided' });
        expect(tokens.lastResort(key.id, 0)).toBeUndefined();
      });

      it('one that is newer', () => {
        watch.notice({ type, keyId: key.id, fence: 6 });
        expect(admit(stored(7)).outcome).toBe('held');
      });
    });

    it('unless it ended on its way', async () => {
      await clock.advance(1_000);
      expect(admit(stored(7, { ttlMs: 1_000 }), 0)).toEqual({ outcome: 'voided' });
      expect(admit(stored(7, { ttlMs: 1_001 }), 0).outcome).toBe('held');
    });

    it('unless it cannot be read, and says so', () => {
      expect(admit({ fence: 7, ttlMs: HOUR, payload: 'sealed with another key' })).toEqual({ outcome: 'unreadable' });
      expect(seen).toEqual([['unreadable', 'billing']]);
    });

    it('unless it is older than the shared one in hand, and the answer is not older, too', () => {
      admitted(stored(8), 100);
      expect(admit(stored(7), 100)).toEqual({ outcome: 'outdated' });
      expect(admit(stored(7), 99).outcome).toBe('held');
      expect(generation()).toBe(8);
    });

    it('in place of a newer one that was rejected', () => {
      tokens.reject(key.id, admitted(stored(8), 100));
      expect(admit(stored(7), 100).outcome).toBe('held');
      expect(generation()).toBe(7);
    });
  });

  describe('admits a token that does not serve as the last resort', () => {
    const admitRejected = (token: StoredToken, sentAt = clock.monotonic(), isMarked = false): void =>
      tokens.admitRejected(key, token, isMarked, sentAt, watch);

    it('and marks the same token in hand, if the store does', () => {
      const held = keep(7, SHARED);
      admitRejected(stored(7), 0, true);
      expect([tokens.valid(key.id, 0), tokens.lastResort(key.id, 0)]).toEqual([undefined, held]);
    });

    it('and does not trust it', () => {
      admitRejected(stored(7));
      expect(tokens.lastResort(key.id, 0)?.token.accessToken).toBe('token-7');
      expect([tokens.trusted(key.id, 0), tokens.valid(key.id, 0)]).toEqual([undefined, undefined]);
    });

    it.each([
      ['the same', 7, SHARED],
      ['a newer one', 8, SHARED],
      ['one of its own', 6, LOCAL],
    ])('unless %s is in hand', (_which, generation, sharing) => {
      const held = keep(generation, sharing);
      admitRejected(stored(7));
      expect(tokens.valid(key.id, 0)).toBe(held);
    });

    it.each([
      ['the store had before', SHARED, false],
      ['was rejected before', SHARED, true],
      ['is its own and was rejected', LOCAL, true],
    ])('in the place of one that %s', (_which, sharing, isRejected) => {
      const held = keep(6, sharing);
      if (isRejected) tokens.reject(key.id, held);
      admitRejected(stored(7));
      expect(tokens.lastResort(key.id, 0)?.token.accessToken).toBe('token-7');
      expect(tokens.valid(key.id, 0)).toBeUndefined();
    });

    it('unless it was purged meanwhile', () => {
      watch.notice({ type: 'purged', keyId: key.id, fence: 7 });
      admitRejected(stored(7));
      expect(tokens.lastResort(key.id, 0)).toBeUndefined();
    });

    it('although it was rejected meanwhile', () => {
      watch.notice({ type: 'invalidated', keyId: key.id, fence: 7 });
      admitRejected(stored(7));
      expect(tokens.lastResort(key.id, 0)).toBeDefined();
    });

    it('unless it ended on its way', async () => {
      await clock.advance(1_000);
      admitRejected(stored(7, { ttlMs: 1_000 }), 0);
      expect(tokens.lastResort(key.id, 1_000)).toBeUndefined();
    });

    it('unless it cannot be read', () => {
      admitRejected({ fence: 7, ttlMs: HOUR, payload: 'sealed with another key' });
      expect(tokens.lastResort(key.id, 0)).toBeUndefined();
    });
  });

  describe('lets go of a rejected token that the store does not hand back', () => {
    function rejected(sharing: Sharing, confirmedAt = 0): void {
      tokens.reject(key.id, keep(7, sharing, { confirmedAt }));
    }

    it('when it was asked after it had confirmed that token', () => {
      rejected(SHARED);
      tokens.dropRejected(key.id, 0);
      expect(tokens.lastResort(key.id, 0)).toBeUndefined();
    });

    it.each<[string, () => unknown]>([
      ['was asked before', () => rejected(SHARED, 101)],
      ['does not know it', () => rejected(LOCAL)],
      ['hands it out', () => keep(7, SHARED)],
    ])('unless the store %s', (_what, have) => {
      have();
      tokens.dropRejected(key.id, 100);
      expect(tokens.lastResort(key.id, 0)).toBeDefined();
    });

    it('and nothing where there is none', () => {
      expect(() => tokens.dropRejected(key.id, 100)).not.toThrow();
    });
  });

  describe('keeps the better token', () => {
    it.each([
      ['an older one that was confirmed earlier', { next: 1, confirmedAt: 99 }, 2],
      ['an older one that was confirmed later: the store forgot the newer', { next: 1, confirmedAt: 101 }, 1],
      ['an older one of the same instant', { next: 1, confirmedAt: 100 }, 1],
      ['the same again', { next: 2, confirmedAt: 99 }, 2],
      ['a newer one that was confirmed earlier', { next: 3, confirmedAt: 99 }, 3],
    ])('when there comes %s', (_what, { next, confirmedAt }, kept) => {
      keep(2, SHARED, { confirmedAt: 100 });
      keep(next, SHARED, { confirmedAt });
      expect(generation()).toBe(kept);
    });

    it.each([
      ['outlives', HOUR - 1, 2],
      ['does not outlive', HOUR, 3],
    ])('when the present one %s one that could not be shared', (_what, endsAt, kept) => {
      keep(2, SHARED, { endsAt: endsAt + (kept === 2 ? 2 : 0) });
      keep(3, LOCAL, { endsAt });
      expect(generation()).toBe(kept);
    });

    it('when one that could not be shared outlives the present one, whatever its generation', () => {
      keep(2, SHARED, { confirmedAt: 100, endsAt: 1_000 });
      keep(1, LOCAL, { confirmedAt: 99, endsAt: HOUR });
      expect(generation()).toBe(1);
    });

    it('when the present one was rejected: any other', () => {
      tokens.reject(key.id, keep(2, SHARED, { confirmedAt: 100 }));
      keep(1, LOCAL, { confirmedAt: 99, endsAt: 1_000 });
      expect(generation()).toBe(1);
    });

    it('and tends one that could not be shared after a second', async () => {
      await clock.advance(100);
      expect(keep(7, UNANSWERED)).toMatchObject({ tendAt: 1_100, obtainedAt: 100, sharing: UNANSWERED });
    });
  });

  describe('when a token in hand is shared under a new generation', () => {
    it('knows it by the former one, too', async () => {
      const former = keep(3, LOCAL);
      await clock.advance(100);
      const held = tokens.keepShared(key, former, 7, 100, SHARED);
      expect(held).toMatchObject({ obtainedAt: 0, formerGeneration: 3, sharing: SHARED });
      expect([tokens.find(former.token)?.held, tokens.find(held.token)?.held]).toEqual([held, held]);
      expect(tokens.hasNewerThan(former.token)).toBe(false);
    });

    it('does not forget that it was rejected', () => {
      const former = keep(3, LOCAL);
      tokens.reject(key.id, former);
      const held = tokens.keepShared(key, former, 7, 100, SHARED);
      expect(tokens.isRejected(key.id, held)).toBe(true);
      expect(tokens.valid(key.id, 100)).toBeUndefined();
    });
  });

  it('finds a token by its generation, with its key', () => {
    const held = keep(7, SHARED);
    const newer = keep(8, SHARED);
    expect(tokens.find(newer.token)).toMatchObject({ key, held: newer });
    expect(tokens.find(held.token)).toBeUndefined();
    expect([tokens.hasNewerThan(held.token), tokens.hasNewerThan(newer.token)]).toEqual([true, false]);
  });

  it('drops the token that is meant, and no other', () => {
    const former = keep(1, SHARED);
    const held = keep(2, SHARED);
    tokens.drop(key.id, former);
    expect(tokens.valid(key.id, 200)).toBe(held);
    tokens.drop(key.id, held);
    expect(tokens.lastResort(key.id, 200)).toBeUndefined();
  });

  it('rejects the token that is meant, and no other', () => {
    const former = keep(1, SHARED);
    const held = keep(2, SHARED);
    tokens.reject(key.id, former);
    expect(tokens.valid(key.id, 200)).toBe(held);
    expect(tokens.isRejected(key.id, former)).toBe(false);
  });

  describe.each([
    ['of that generation', 7, SHARED, true],
    ['of an older generation', 6, SHARED, true],
    ['of a newer generation', 8, SHARED, false],
    ['that was minted under a lease and not shared yet', 7, UNANSWERED, true],
  ] as const)('a token %s', (_which, fence, sharing, isMeant) => {
    it.each(['invalidated', 'purged'] as const)('is concerned when generation 7 was %s: as the table says', (type) => {
      const held = keep(fence, sharing);
      tokens.notice({ type, keyId: key.id, fence: 7 });
      expect(tokens.valid(key.id, 200)).toBe(isMeant ? undefined : held);
      expect(tokens.lastResort(key.id, 200)).toBe(isMeant && type === 'purged' ? undefined : held);
    });
  });

  it.each([
    ['invalidated', true],
    ['purged', false],
    ['stored', true],
    ['failed', true],
  ] as const)('keeps a token without a lease when its key was %s: %p', (type, stays) => {
    keep(3, LOCAL);
    tokens.notice({ type, keyId: key.id, fence: 7 });
    expect(tokens.valid(key.id, 200) !== undefined).toBe(stays);
  });

  it('hears of keys that are not in hand without harm', () => {
    expect(() => tokens.notice({ type: 'purged', keyId: 'another', fence: 7 })).not.toThrow();
  });
});

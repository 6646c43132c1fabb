import { billingKey } from '../../testing/billing-key.spec-support.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { type NearCachePolicy } from '../config/policy.js';
import { type TokenKey } from '../config/token-key.js';
import { type HeldToken, type Sharing } from '../contract/held-token.js';
import { after, type Moment, momentOf } from '../contract/moment.js';
import { type TokenContent } from '../contract/token-content.js';
import { TokenObserver } from '../contract/token-observer.js';
import { TokenObservers } from '../contract/token-observers.js';
import { type StoredToken } from '../contract/token-store.js';
import { KeyWatch } from '../store-client/key-watch.js';
import { PayloadCodec } from '../store-client/payload-codec.js';
import { type Channel, TokensInHand } from './tokens-in-hand.js';

const HOUR = 3_600_000;
const MAX_AGE_MS = 5_000;
const SHARED: Sharing = { state: 'shared' };
const LOCAL: Sharing = { state: 'unshared' };
const UNANSWERED: Sharing = { state: 'unanswered', lease: { nonce: 'n', fence: 7, leaseMs: 1 } };

describe('TokensInHand', () => {
  const codec = new PayloadCodec(new Map());
  let upSince: number | undefined;
  const channel: Channel = {
    get isInterrupted() {
      return upSince === undefined;
    },
    hasHeardSince: (at) => upSince !== undefined && at >= upSince,
  };
  let key: TokenKey;
  let clock: FakeClock;
  let start: Moment;
  let tokens: TokensInHand;
  let watch: KeyWatch;
  let seen: unknown[];
  let servable: string[];

  beforeEach(() => {
    key = billingKey();
    clock = new FakeClock();
    start = momentOf(clock);
    upSince = 0;
    watch = new KeyWatch({ lookAgain: () => () => {} }, () => {});
    seen = [];
    servable = [];
    tokens = inHand();
  });

  function inHand(
    policy: NearCachePolicy | false = { maxEntries: 10, maxAgeMs: MAX_AGE_MS },
    own: Channel | undefined = channel,
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
    const onServable = (keyId: string): void => void servable.push(keyId);
    return new TokensInHand({ policy, maxEntries: 10, channel: own, clock, codec, observers, onServable });
  }

  function content(fence: number, more: Partial<TokenContent> = {}): TokenContent {
    const expiresAt = clock.now() + HOUR;
    return { accessToken: `token-${fence}`, tokenType: 'Bearer', expiresAt, refreshWindowMs: 300_000, ...more };
  }

  function stored(fence: number, { ttlMs = HOUR, ...more }: Partial<TokenContent> & { ttlMs?: number } = {}) {
    return { fence, ttlMs, payload: codec.encode(key.id, fence, content(fence, more)) };
  }

  /** So many ms after the start of the clock. */
  const at = (ms: number): Moment => after(start, ms);

  const admit = (token: StoredToken, sentAt?: number) =>
    tokens.admit(key, token, sentAt === undefined ? momentOf(clock) : at(sentAt), watch);

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
    const fresh = { content: content(generation), ends: at(endsAt) };
    return own.keep(key, fresh, generation, at(confirmedAt), sharing);
  }

  const generation = (own = tokens): number | undefined => own.valid(key.id)?.token.generation;

  describe('trusts a token without asking the store', () => {
    it('until its hard expiry', async () => {
      keep(7, SHARED);
      await clock.advance(HOUR - 1);
      expect([tokens.trusted(key.id, momentOf(clock)), tokens.valid(key.id)]).not.toContain(undefined);
      await clock.advance(1);
      const looks = [tokens.trusted(key.id, momentOf(clock)), tokens.valid(key.id), tokens.lastResort(key.id)];
      expect(looks).toEqual([undefined, undefined, undefined]);
    });

    it('only if the store confirmed it since events arrive', () => {
      keep(7, SHARED, { confirmedAt: 100 });
      upSince = 100;
      expect(tokens.trusted(key.id, at(200))).toBeDefined();
      upSince = 101;
      expect(tokens.trusted(key.id, at(200))).toBeUndefined();
      expect(tokens.valid(key.id)).toBeDefined();
    });

    it('unless it is in doubt, which ends when the store says again that it is the shared one', () => {
      tokens.doubt(key.id, keep(7, SHARED));
      expect([tokens.trusted(key.id, at(1)), generation()]).toEqual([undefined, 7]);
      admitted(stored(7), 2);
      expect(tokens.trusted(key.id, at(3))).toBeDefined();
    });

    it('although the one that it replaced is in doubt', () => {
      const former = keep(6, SHARED);
      keep(7, SHARED);
      tokens.doubt(key.id, former);
      expect(tokens.trusted(key.id, at(1))).toBeDefined();
    });

    it('for maxAgeMs after the store confirmed it while no events arrive', () => {
      keep(7, SHARED, { confirmedAt: 100 });
      upSince = undefined;
      expect(tokens.trusted(key.id, at(99 + MAX_AGE_MS))).toBeDefined();
      expect(tokens.trusted(key.id, at(100 + MAX_AGE_MS))).toBeUndefined();
    });

    it.each([
      ['the near cache is off', () => inHand(false)],
      ['the store has no events', () => new TokensInHand({ ...tokens['parts'], channel: undefined })],
    ])('only if the store does not know it, when %s', (_when, make) => {
      const own = make();
      keep(7, SHARED, { own });
      expect(own.trusted(key.id, at(200))).toBeUndefined();
      keep(8, LOCAL, { own });
      expect(own.trusted(key.id, at(200))).toBeDefined();
    });

    it('never once it is rejected', () => {
      tokens.reject(key.id, keep(7, SHARED));
      expect([tokens.trusted(key.id, at(0)), tokens.valid(key.id)]).toEqual([undefined, undefined]);
      expect(tokens.lastResort(key.id)?.token.generation).toBe(7);
    });
  });

  describe('admits a token of the store', () => {
    it('whose life is reckoned from before the store was asked', async () => {
      await clock.advance(1_000);
      const held = admitted(stored(7, { scope: 'read' }), 400);
      const refreshAt = HOUR - 299_600;
      expect(held).toMatchObject({
        ends: at(HOUR + 400),
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
      expect(tokens.valid(key.id)).toBe(held);
      expect(seen).toEqual([['learned', 'billing', clock.now() + HOUR]]);
    });

    it('and never tends one that has no refresh window', () => {
      const held = admitted(stored(7, { refreshWindowMs: 0 }));
      expect(held.tendAt).toBe(held.ends.monotonicAt);
    });

    it('by confirming the one that it holds already, and ends its mark', async () => {
      const held = admitted(stored(7));
      tokens.reject(key.id, held);
      await clock.advance(500);
      expect(admitted(stored(7, { ttlMs: HOUR - 500 }), 450)).toBe(held);
      upSince = 450;
      expect(tokens.trusted(key.id, at(500))).toBe(held);
      expect(seen).toHaveLength(1);
    });

    it.each<[which: string, befalls: (held: HeldToken) => void | Promise<void>]>([
      ['was rejected', (held) => tokens.reject(key.id, held)],
      ['ended', () => clock.advance(HOUR)],
      ['the machine slept over', () => clock.moveWall(HOUR / 2)],
      ['ended while the machine slept', () => clock.moveWall(HOUR)],
    ])('in place of one of the same generation that %s, if it is another', async (_which, befalls) => {
      await befalls(admitted(stored(7)));
      const { token, ends } = admitted(stored(7, { accessToken: 'another' }));
      expect([token.accessToken, ends]).toEqual(['another', after(momentOf(clock), HOUR)]);
    });

    it.each([LOCAL, UNANSWERED])('in place of the same one that was %j', (sharing) => {
      keep(7, sharing);
      expect(admitted(stored(7)).sharing).toEqual(SHARED);
    });

    describe.each(['invalidated', 'purged'] as const)('but, when tokens were %s meanwhile,', (type) => {
      it.each([7, 8])('none of a generation up to %i', (fence) => {
        watch.notice({ type, keyId: key.id, fence });
        expect(admit(stored(7))).toEqual({ outcome: 'voided' });
        expect(tokens.lastResort(key.id)).toBeUndefined();
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
      expect(admit({ fence: 7, ttlMs: HOUR, payload: 'sealed with another key' })).toEqual({ outcome: 'unusable' });
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

    it('in place of a newer one that no other process has', () => {
      keep(8, LOCAL);
      expect(admit(stored(7), 100).outcome).toBe('held');
      expect(generation()).toBe(7);
    });
  });

  describe('admits a token that does not serve as the last resort', () => {
    const admitRejected = (token: StoredToken, sentAt = clock.monotonic(), isMarked = false): void =>
      tokens.admitRejected(key, token, isMarked, at(sentAt), watch);

    it('and trusts the same token in hand on, if the caller alone refused it', () => {
      const held = keep(7, SHARED);
      admitRejected(stored(7), 100);
      upSince = 100;
      expect(tokens.trusted(key.id, at(200))).toBe(held);
    });

    it('and marks the same token in hand, if the store does', () => {
      const held = keep(7, SHARED);
      admitRejected(stored(7), 0, true);
      expect([tokens.valid(key.id), tokens.lastResort(key.id)]).toEqual([undefined, held]);
    });

    describe.each([
      ['the same token that is in hand under a newer generation', 'token-8', true, 0, undefined],
      ['an older token', 'token-7', true, 0, 8],
      ['the same token for the caller alone', 'token-8', false, 0, 8],
      ['the same token in an answer that is older than what is in hand', 'token-8', true, -1, 8],
    ])('which is %s', (_which, accessToken, isMarked, sentAt, trusted) => {
      it(`and ${trusted === undefined ? 'marks' : 'leaves'} that`, () => {
        keep(8, SHARED);
        admitRejected(stored(7, { accessToken }), sentAt, isMarked);
        expect(generation()).toBe(trusted);
      });
    });

    it('and does not trust it', () => {
      admitRejected(stored(7));
      expect(tokens.lastResort(key.id)?.token.accessToken).toBe('token-7');
      expect([tokens.trusted(key.id, at(0)), tokens.valid(key.id)]).toEqual([undefined, undefined]);
    });

    it.each([
      ['the same', 7, SHARED],
      ['a newer one', 8, SHARED],
      ['one of its own', 6, LOCAL],
    ])('unless %s is in hand', (_which, generation, sharing) => {
      const held = keep(generation, sharing);
      admitRejected(stored(7));
      expect(tokens.valid(key.id)).toBe(held);
    });

    it.each([
      ['the store had before', SHARED, false],
      ['was rejected before', SHARED, true],
      ['is its own and was rejected', LOCAL, true],
    ])('in the place of one that %s', (_which, sharing, isRejected) => {
      const held = keep(6, sharing);
      if (isRejected) tokens.reject(key.id, held);
      admitRejected(stored(7));
      expect(tokens.lastResort(key.id)?.token.accessToken).toBe('token-7');
      expect(tokens.valid(key.id)).toBeUndefined();
    });

    it('unless it was purged meanwhile', () => {
      watch.notice({ type: 'purged', keyId: key.id, fence: 7 });
      admitRejected(stored(7));
      expect(tokens.lastResort(key.id)).toBeUndefined();
    });

    it('although it was rejected meanwhile', () => {
      watch.notice({ type: 'invalidated', keyId: key.id, fence: 7 });
      admitRejected(stored(7));
      expect(tokens.lastResort(key.id)).toBeDefined();
    });

    it('unless it ended on its way', async () => {
      await clock.advance(1_000);
      admitRejected(stored(7, { ttlMs: 1_000 }), 0);
      expect(tokens.lastResort(key.id)).toBeUndefined();
    });

    it('unless it cannot be read', () => {
      admitRejected({ fence: 7, ttlMs: HOUR, payload: 'sealed with another key' });
      expect(tokens.lastResort(key.id)).toBeUndefined();
    });

    it('and leaves a newer one in hand alone, if it cannot be read', () => {
      const held = keep(8, SHARED);
      admitRejected({ fence: 7, ttlMs: HOUR, payload: 'sealed with another key' }, 0, true);
      expect(tokens.valid(key.id)).toBe(held);
    });
  });

  describe('told by the store up to which fence everything is void,', () => {
    it.each([
      ['lets go of a token of that fence', 7, 7],
      ['lets go of an older one', 6, 7],
    ])('%s', (_what, generation, voidedUpTo) => {
      keep(generation, SHARED);
      tokens.heed(key.id, voidedUpTo, undefined);
      expect(tokens.lastResort(key.id)).toBeUndefined();
    });

    it('keeps a newer one', () => {
      const held = keep(8, SHARED);
      tokens.heed(key.id, 7, undefined);
      expect(tokens.valid(key.id)).toBe(held);
    });

    it('keeps the one that the store hands back as rejected for callers that can be given no other', () => {
      const held = keep(7, SHARED);
      tokens.heed(key.id, 7, stored(7));
      expect([tokens.valid(key.id), tokens.lastResort(key.id)]).toEqual([undefined, held]);
    });

    it('does nothing where there is none', () => {
      expect(() => tokens.heed(key.id, 7, undefined)).not.toThrow();
    });
  });

  describe('when the wall clock goes on while the monotonic one stands still', () => {
    const sleep = (ms: number): void => clock.moveWall(ms);

    it('does not trust a token without asking the store', () => {
      keep(7, SHARED);
      sleep(1_000);
      expect(tokens.trusted(key.id, momentOf(clock))).toBeDefined();
      sleep(1);
      expect(tokens.trusted(key.id, momentOf(clock))).toBeUndefined();
      expect(tokens.valid(key.id)).toBeDefined();
    });

    it('gives out no token that is over by the wall clock, be it its own', () => {
      keep(7, LOCAL);
      sleep(HOUR);
      expect([tokens.trusted(key.id, momentOf(clock)), tokens.lastResort(key.id)]).toEqual([undefined, undefined]);
    });

    it('trusts a token again that the store confirms, to the end that the store tells', async () => {
      admitted(stored(7));
      sleep(HOUR / 2);
      expect(admitted(stored(7, { ttlMs: HOUR / 2 })).ends).toMatchObject({ monotonicAt: HOUR / 2 });
      expect(tokens.trusted(key.id, momentOf(clock))).toBeDefined();
      await clock.advance(HOUR / 2);
      expect(tokens.lastResort(key.id)).toBeUndefined();
    });

    it('goes by the store when the wall clock was set ahead and the machine did not sleep', () => {
      admitted(stored(7));
      sleep(2 * HOUR);
      expect(tokens.valid(key.id)).toBeUndefined();
      expect(admitted(stored(7, { ttlMs: HOUR - 1 })).token.generation).toBe(7);
    });

    it('keeps no last resort that ended meanwhile when the store hands another of its generation back', () => {
      admitted(stored(7));
      sleep(HOUR);
      tokens.admitRejected(key, stored(7, { accessToken: 'another' }), true, momentOf(clock), watch);
      expect(tokens.lastResort(key.id)?.token.accessToken).toBe('another');
    });

    it('has a last resort again when the store hands a rejected token back that only the clock called over', () => {
      admitted(stored(7));
      sleep(2 * HOUR);
      tokens.admitRejected(key, stored(7, { ttlMs: HOUR - 1 }), true, momentOf(clock), watch);
      expect(tokens.valid(key.id)).toBeUndefined();
      expect(tokens.lastResort(key.id)?.token.generation).toBe(7);
    });
  });

  it('takes no token from the store that is over by the clock of this process', async () => {
    admitted(stored(7));
    await clock.advance(HOUR);
    expect(admit(stored(7))).toEqual({ outcome: 'unusable' });
  });

  it('gives no longer life to a token when the wall clock is set back', async () => {
    keep(7, SHARED);
    clock.moveWall(-10 * HOUR);
    await clock.advance(HOUR);
    expect(tokens.lastResort(key.id)).toBeUndefined();
  });

  it('keeps every token that no other process has, however many there are', () => {
    const keys = Array.from({ length: 1_000 }, (_, number) => ({ ...key, id: `key ${number}` }));
    for (const one of keys) tokens.keep(one, { content: content(1), ends: at(HOUR) }, 1, at(0), LOCAL);
    expect(keys.filter(({ id }) => tokens.valid(id))).toHaveLength(1_000);
  });

  it('keeps no more shared tokens than maxEntries, and lets go of the one that was used longest ago', () => {
    const keys = Array.from({ length: 11 }, (_, number) => ({ ...key, id: `key ${number}` }));
    for (const one of keys) {
      tokens.keep(one, { content: content(1), ends: at(HOUR) }, 1, at(0), SHARED);
      tokens.valid('key 0');
    }
    expect(keys.filter(({ id }) => !tokens.valid(id)).map(({ id }) => id)).toEqual(['key 1']);
  });

  it('tells who waits for a token of its key, unless that is rejected', () => {
    tokens.admitRejected(key, stored(7), true, at(0), watch);
    expect(servable).toEqual([]);
    keep(8, SHARED);
    expect(servable).toEqual([key.id]);
  });

  describe('when the fleet shares a newer token', () => {
    const heardOf = (fence: number, type: 'stored' | 'failed' = 'stored'): void =>
      tokens.notice({ type, keyId: key.id, fence });
    const tendAt = (): number | undefined => tokens.trusted(key.id, momentOf(clock))?.tendAt;

    it('is due to take it at once, and goes on with its own until then', () => {
      const { refreshAt } = admitted(stored(7));
      heardOf(8);
      expect(tendAt()).toBe(clock.monotonic());
      tokens.forgetSuccessor(key.id, admitted(stored(7)));
      expect(tendAt()).toBe(refreshAt);
    });

    it.each<[event: string, hear: () => void]>([
      ['its own commit', () => heardOf(7)],
      ['an older token that was offered', () => heardOf(6)],
      ['a failure', () => heardOf(8, 'failed')],
    ])('is not due for the news of %s', (_event, hear) => {
      const { refreshAt } = admitted(stored(7));
      hear();
      expect(tendAt()).toBe(refreshAt);
    });

    it('leaves one of its own that was never shared due when it was', () => {
      const due = keep(7, LOCAL).tendAt;
      heardOf(8);
      expect(tendAt()).toBe(due);
    });

    it('still marks and lets go of the token that work began with', () => {
      const former = admitted(stored(7));
      heardOf(8);
      tokens.reject(key.id, former);
      expect(tokens.isRejected(key.id, former)).toBe(true);
      tokens.drop(key.id, former);
      expect(tokens.last(key.id)).toBeUndefined();
    });
  });

  describe('keeps the better token', () => {
    it.each([
      ['an older one that was confirmed earlier', { next: 1, confirmedAt: 99 }, 2],
      ['an older one that was confirmed later: the store forgot the newer', { next: 1, confirmedAt: 101 }, 1],
      ['an older one of the same instant', { next: 1, confirmedAt: 100 }, 1],
      ['the same again', { next: 2, confirmedAt: 99 }, 2],
      ['a newer one that was confirmed earlier', { next: 3, confirmedAt: 99 }, 3],
      ['a newer one that ends sooner', { next: 3, confirmedAt: 101, endsAt: 1_000 }, 3],
    ])('when there comes %s', (_what, { next, ...more }, kept) => {
      keep(2, SHARED, { confirmedAt: 100 });
      keep(next, SHARED, more);
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

    it.each([
      ['ends by more than a refresh window sooner', HOUR - 300_001, 1],
      ['ends a refresh window sooner', HOUR - 300_000, 2],
      ['outlives it', HOUR + 1, 2],
    ])('when no other process has the present one, and a shared one %s', (_when, endsAt, kept) => {
      keep(1, LOCAL);
      keep(2, SHARED, { endsAt });
      expect(generation()).toBe(kept);
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
      const held = tokens.keepShared(key, former, 7, at(100), SHARED);
      expect(held).toMatchObject({ obtainedAt: 0, formerGeneration: 3, sharing: SHARED });
      expect([tokens.find(former.token)?.held, tokens.find(held.token)?.held]).toEqual([held, held]);
      expect(tokens.hasNewerThan(former.token)).toBe(false);
    });

    it('does not forget that it was rejected', () => {
      const former = keep(3, LOCAL);
      tokens.reject(key.id, former);
      const held = tokens.keepShared(key, former, 7, at(100), SHARED);
      expect(tokens.isRejected(key.id, held)).toBe(true);
      expect(tokens.valid(key.id)).toBeUndefined();
    });
  });

  describe('when a token is shared under a new generation after another took its place', () => {
    it.each([true, false, undefined])('heeds whether it was rejected while it was in hand: %s', (wasRejected) => {
      const former = keep(3, LOCAL);
      tokens.reject(key.id, keep(4, LOCAL));
      tokens.keepShared(key, former, 7, at(100), SHARED, wasRejected);
      expect(tokens.lastResort(key.id)?.token.generation).toBe(7);
      expect(tokens.valid(key.id) === undefined).toBe(wasRejected === true);
    });
  });

  it('finds a token by its generation, with its key', () => {
    const held = keep(7, SHARED);
    const newer = keep(8, SHARED);
    expect(tokens.find(newer.token)).toMatchObject({ key, held: newer });
    expect(tokens.find(held.token)).toBeUndefined();
    expect([tokens.hasNewerThan(held.token), tokens.hasNewerThan(newer.token)]).toEqual([true, false]);
  });

  it('does not take a token for another of its generation, which a process without the store may mint as well', () => {
    const own = keep(7, LOCAL);
    const other = admitted(stored(7, { accessToken: 'of another process' }));
    expect([tokens.find(own.token)?.held, tokens.find(other.token)?.held]).toEqual([undefined, other]);
  });

  it('has nothing newer than a token that the store forgot, and an older one took its place', () => {
    const newer = keep(8, SHARED, { confirmedAt: 0 });
    keep(7, SHARED, { confirmedAt: 100 });
    expect([generation(), tokens.hasNewerThan(newer.token)]).toEqual([7, false]);
  });

  it('drops the token that is meant, and no other', () => {
    const former = keep(1, SHARED);
    const held = keep(2, SHARED);
    tokens.drop(key.id, former);
    expect(tokens.valid(key.id)).toBe(held);
    tokens.drop(key.id, held);
    expect(tokens.lastResort(key.id)).toBeUndefined();
  });

  it('does nothing to a token that it let go of', () => {
    const held = keep(1, SHARED);
    tokens.drop(key.id, held);
    tokens.drop(key.id, held);
    tokens.reject(key.id, held);
    tokens.forgetSuccessor(key.id, held);
    expect([tokens.last(key.id), tokens.isRejected(key.id, held)]).toEqual([undefined, false]);
  });

  it('rejects the token that is meant, and no other', () => {
    const former = keep(1, SHARED);
    const held = keep(2, SHARED);
    tokens.reject(key.id, former);
    expect(tokens.valid(key.id)).toBe(held);
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
      expect(tokens.valid(key.id)).toBe(isMeant ? undefined : held);
      expect(tokens.lastResort(key.id)).toBe(isMeant && type === 'purged' ? undefined : held);
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
    expect(tokens.valid(key.id) !== undefined).toBe(stays);
  });

  describe('when all tokens of its integration were purged up to generation 7,', () => {
    const hear = (group = key.group): void => tokens.notice({ type: 'purged-group', group, fence: 7 });

    it.each([SHARED, UNANSWERED, LOCAL])('lets go of a token up to that, be it %j', (sharing) => {
      keep(7, sharing);
      hear();
      expect(tokens.lastResort(key.id)).toBeUndefined();
    });

    it('trusts a newer one that is shared only once the store confirms it', () => {
      keep(8, SHARED);
      hear();
      expect([tokens.trusted(key.id, at(0)), generation()]).toEqual([undefined, 8]);
      admitted(stored(8));
      expect(tokens.trusted(key.id, at(0))?.token.generation).toBe(8);
    });

    it('trusts a newer one that is not shared', () => {
      const held = keep(8, LOCAL);
      hear();
      expect(tokens.trusted(key.id, at(0))).toBe(held);
    });

    it('trusts one of another integration', () => {
      const held = keep(7, SHARED);
      hear('another group');
      expect(tokens.trusted(key.id, at(0))).toBe(held);
    });
  });

  it('hears of keys that are not in hand without harm', () => {
    expect(() => tokens.notice({ type: 'purged', keyId: 'another', fence: 7 })).not.toThrow();
  });
});

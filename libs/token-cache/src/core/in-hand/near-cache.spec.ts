import { freshFrom, type HeldToken, NearCache } from './near-cache.js';
import { type NearCachePolicy } from '../config/policy.js';
import { Token } from '../contract/token.js';

const KEY = 'key';
const MAX_AGE_MS = 5_000;

function held(
  generation: number,
  {
    accessToken = `token-${generation}`,
    scope = undefined as string | undefined,
    ...rest
  }: Partial<HeldToken> & {
    accessToken?: string;
    scope?: string;
  } = {},
): HeldToken {
  const token = new Token({
    accessToken,
    tokenType: 'Bearer',
    ...(scope && { scope }),
    integration: 'billing',
    generation,
    expiresAt: 3_600_000,
    refreshAt: 3_000_000,
    keyId: KEY,
  });
  return { token, endsAt: 3_570_000, refreshAt: 3_270_000, confirmedAt: 100, maintainAt: 3_270_000, ...rest };
}

describe('NearCache', () => {
  const channel = { isUp: true, upSince: 0 };
  let near: NearCache;

  function cache(policy: NearCachePolicy | false = { maxEntries: 10, maxAgeMs: MAX_AGE_MS }): NearCache {
    return new NearCache(policy, 10, channel);
  }

  beforeEach(() => {
    Object.assign(channel, { isUp: true, upSince: 0 });
    near = cache();
  });

  describe('serves a token without asking the store', () => {
    it('until its hard expiry', () => {
      near.keep(KEY, held(1));
      expect(near.trusted(KEY, 3_569_999)).toBeDefined();
      expect(near.trusted(KEY, 3_570_000)).toBeUndefined();
      expect(near.valid(KEY, 3_570_000)).toBeUndefined();
    });

    it('only if the store confirmed it since the channel is up', () => {
      near.keep(KEY, held(1, { confirmedAt: 100 }));
      channel.upSince = 100;
      expect(near.trusted(KEY, 200)).toBeDefined();
      channel.upSince = 101;
      expect(near.trusted(KEY, 200)).toBeUndefined();
      expect(near.valid(KEY, 200)).toBeDefined();
    });

    it('for maxAgeMs after the store confirmed it while the channel is down', () => {
      near.keep(KEY, held(1, { confirmedAt: 100 }));
      channel.isUp = false;
      expect(near.trusted(KEY, 99 + MAX_AGE_MS)).toBeDefined();
      expect(near.trusted(KEY, 100 + MAX_AGE_MS)).toBeUndefined();
    });

    it.each([
      ['the near cache is off', () => cache(false)],
      ['there is no channel', () => new NearCache({ maxEntries: 10, maxAgeMs: MAX_AGE_MS }, 10, undefined)],
    ])('only if the store does not know it, when %s', (_when, make) => {
      const own = make();
      own.keep(KEY, held(1));
      expect(own.trusted(KEY, 200)).toBeUndefined();
      own.keep(KEY, held(2, { unshared: {} }));
      expect(own.trusted(KEY, 200)).toBeDefined();
    });
  });

  describe('keeps the newer token', () => {
    it.each([
      ['an older one that was confirmed earlier', { generation: 1, confirmedAt: 99 }, 2],
      ['an older one that was confirmed later: the store forgot the newer', { generation: 1, confirmedAt: 101 }, 1],
      ['an older one of the same instant', { generation: 1, confirmedAt: 100 }, 1],
      ['the same again', { generation: 2, confirmedAt: 99 }, 2],
      ['a newer one that was confirmed earlier', { generation: 3, confirmedAt: 99 }, 3],
    ])('when there comes %s', (_what, { generation, confirmedAt }, kept) => {
      near.keep(KEY, held(2, { confirmedAt: 100 }));
      near.keep(KEY, held(generation, { confirmedAt }));
      expect(near.valid(KEY, 200)?.token.generation).toBe(kept);
    });

    it('and takes the other reply about it', () => {
      near.keep(KEY, held(2, { confirmedAt: 100 }));
      const again = held(2, { confirmedAt: 99 });
      near.keep(KEY, again);
      expect(near.valid(KEY, 200)).toBe(again);
    });
  });

  describe('drops', () => {
    it('the token that is meant, and no other', () => {
      const [first, second] = [held(1), held(2)];
      near.keep(KEY, second);
      near.drop(KEY, first);
      expect(near.valid(KEY, 200)).toBe(second);
      near.drop(KEY, second);
      expect(near.valid(KEY, 200)).toBeUndefined();
    });

    it('whatever is there', () => {
      near.keep(KEY, held(1));
      near.drop(KEY);
      expect(near.valid(KEY, 200)).toBeUndefined();
    });

    it.each([
      ['of that generation', held(2), false],
      ['of an older generation', held(1), false],
      ['of a newer generation', held(3), true],
      ['that was minted without the store', held(2, { unshared: {} }), true],
      [
        'that was minted under a lease and not shared yet',
        held(2, { unshared: { lease: { nonce: 'n', fence: 2, leaseMs: 1 } } }),
        false,
      ],
    ])('what was shared up to a generation: a token %s', (_which, token, stays) => {
      near.keep(KEY, token);
      near.dropShared(KEY, 2);
      expect(near.valid(KEY, 200)).toBe(stays ? token : undefined);
    });

    it('nothing where there is nothing', () => {
      expect(() => near.dropShared(KEY, 2)).not.toThrow();
    });
  });

  describe('when a token is rejected', () => {
    it('forgets it, and remembers the rejection until the source stands by it', () => {
      const { token } = held(1);
      near.keep(KEY, held(1));
      expect(near.reject(KEY, token)).toBe(1);
      expect(near.valid(KEY, 200)).toBeUndefined();
      expect(near.isRejected('token-1')).toBe(true);
      near.accept('token-1');
      expect(near.isRejected('token-1')).toBe(false);
    });

    it('keeps another one', () => {
      near.keep(KEY, held(2));
      expect(near.reject(KEY, held(1).token)).toBe(1);
      expect(near.valid(KEY, 200)?.token.generation).toBe(2);
    });

    it('says under which generation the store has it now', () => {
      near.keep(KEY, held(5, { accessToken: 'token-1' }));
      expect(near.reject(KEY, held(1).token)).toBe(5);
    });

    it('says that it is no news the second time', () => {
      near.reject(KEY, held(1).token);
      expect(near.reject(KEY, held(1).token)).toBeUndefined();
    });
  });
});

describe('A held token that is published again', () => {
  it('is what was minted', () => {
    expect(freshFrom(held(1, { scope: 'read' }))).toStrictEqual({
      content: {
        accessToken: 'token-1',
        tokenType: 'Bearer',
        scope: 'read',
        expiresAt: 3_600_000,
        refreshWindowMs: 300_000,
      },
      endsAt: 3_570_000,
      refreshAt: 3_270_000,
    });
  });

  it('says nothing of a scope that it does not know', () => {
    expect(freshFrom(held(1)).content).not.toHaveProperty('scope');
  });
});

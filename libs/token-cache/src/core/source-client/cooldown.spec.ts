import { cooldownMs, errorOf, rememberedFailure } from './cooldown.js';
import { DEFAULT_POLICY } from '../config/policy.js';
import {
  TokenResponseInvalidError,
  TokenSourceRejectedError,
  TokenSourceUnavailableError,
} from '../contract/token-cache.errors.js';

describe('cooldownMs', () => {
  const of = (error: Parameters<typeof cooldownMs>[0], failures = 0, random = 0.999_999): number =>
    cooldownMs(error, failures, DEFAULT_POLICY.cooldown, () => random);
  const unavailable = (retryAfterMs?: number): TokenSourceUnavailableError =>
    new TokenSourceUnavailableError('down', retryAfterMs === undefined ? {} : { retryAfterMs });

  it('is 30 s for rejected credentials', () => expect(of(new TokenSourceRejectedError('no'))).toBe(30_000));

  it('doubles from 1 s to 30 s for transient failures', () => {
    expect([0, 1, 2, 3, 4, 5, 50, 5_000].map((failures) => of(unavailable(), failures))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
    ]);
  });

  it('spreads over the whole of it, and never comes to nothing', () => {
    expect(of(new TokenResponseInvalidError('odd'), 3, 0.5)).toBe(4_000);
    expect(of(unavailable(), 3, 0)).toBe(100);
  });

  it.each([
    [7_000, 7_000],
    [7 * 24 * 3_600_000, 3_600_000],
    [0, 1_000],
    [-5, 1_000],
  ])('honours Retry-After of %i ms as %i ms', (stated, expected) => expect(of(unavailable(stated))).toBe(expected));
});

describe('a remembered failure', () => {
  it('comes back with its code and OAuth error, and the time that is left', () => {
    const error = new TokenSourceRejectedError('refused', {
      oauthError: 'invalid_client',
      cause: new Error('private'),
    });
    const remembered = rememberedFailure(error, 30_000);
    expect(remembered.error).not.toContain('private');
    expect(errorOf({ ...remembered, remainingMs: 12_000 }, 'billing')).toMatchObject({
      name: 'TokenSourceRejectedError',
      code: 'TOKEN_SOURCE_REJECTED',
      message: 'refused',
      oauthError: 'invalid_client',
      retryAfterMs: 12_000,
    });
  });

  it.each(['', 'not JSON', '{"code":"NEWER_CODE"}', 'null'])(
    'that cannot be read (%p) is an unavailable source',
    (error) => {
      expect(errorOf({ remainingMs: 5, error }, 'billing')).toMatchObject({
        code: 'TOKEN_SOURCE_UNAVAILABLE',
        message: 'The source of "billing" failed a moment ago',
        retryAfterMs: 5,
      });
    },
  );
});

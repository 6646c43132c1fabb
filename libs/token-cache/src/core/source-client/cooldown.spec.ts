import { bindingOf, cooldownMs, cooledDown, errorOf, rememberedFailure } from './cooldown.js';
import { DEFAULT_POLICY } from '../config/policy.js';
import {
  TokenResponseInvalidError,
  type TokenSourceError,
  type TokenSourceErrorOptions,
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

describe('A failure', () => {
  const rejected = (options?: TokenSourceErrorOptions): TokenSourceError => new TokenSourceRejectedError('no', options);
  const unavailable = (options?: TokenSourceErrorOptions): TokenSourceError =>
    new TokenSourceUnavailableError('down', options);

  it.each<[string, TokenSourceError, ReturnType<typeof bindingOf>]>([
    ['of credentials that are refused', rejected({ oauthError: 'invalid_client' }), 'process'],
    ['of a client that may not', rejected({ oauthError: 'unauthorized_client' }), 'process'],
    ['of an assertion that is refused', rejected({ oauthError: 'invalid_grant' }), 'process'],
    ['of a refusal without a reason', rejected(), 'process'],
    ['of a refusal with Retry-After', rejected({ retryAfterMs: 120_000 }), 'provider'],
    [
      'of credentials that are refused with Retry-After',
      rejected({ oauthError: 'invalid_client', retryAfterMs: 1 }),
      'provider',
    ],
    ['of a request that makes no sense', rejected({ oauthError: 'invalid_request' }), 'fleet'],
    ['of a scope that is refused', rejected({ oauthError: 'invalid_scope' }), 'fleet'],
    ['of a resource that is refused', rejected({ oauthError: 'invalid_target' }), 'fleet'],
    ['of a grant that the server does not know', rejected({ oauthError: 'unsupported_grant_type' }), 'fleet'],
    ['of a provider that is down', unavailable(), 'fleet'],
    ['of a provider that is down, with Retry-After', unavailable({ retryAfterMs: 1_000 }), 'provider'],
    ['of a provider that is down, with a Retry-After of 0', unavailable({ retryAfterMs: 0 }), 'fleet'],
    ['of an answer that makes no sense', new TokenResponseInvalidError('odd'), 'fleet'],
    [
      'of an answer that makes no sense, with Retry-After',
      new TokenResponseInvalidError('odd', { retryAfterMs: 1 }),
      'provider',
    ],
    ['of a connection, as its source says', unavailable({ binds: 'process' }), 'process'],
    ['of throttling, as its source says', unavailable({ binds: 'provider' }), 'provider'],
    ["of a refusal that is everybody's, as its source says", rejected({ binds: 'fleet' }), 'fleet'],
    [
      'that is its own, as its source says beside a Retry-After',
      rejected({ binds: 'process', retryAfterMs: 9 }),
      'process',
    ],
  ])('%s binds whom it concerns', (_what, error, binding) => {
    expect(bindingOf(error)).toBe(binding);
    expect(bindingOf(cooledDown(error, 30_000))).toBe(binding);
  });

  it.each([
    ['the process that failed, if it binds that alone', rejected(), 'worker-1'],
    ['no process, if it binds the fleet', unavailable(), undefined],
    ['no process, if it binds the provider', unavailable({ retryAfterMs: 5 }), undefined],
  ])('is remembered with the name of %s', (_what, error, process) => {
    expect(rememberedFailure(error, 5, 'worker-1').process).toBe(process);
  });
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
        message: 'The source of "billing" failed a moment ago; it is asked again after retryAfterMs',
        retryAfterMs: 5,
      });
    },
  );
});

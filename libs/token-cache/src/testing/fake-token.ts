import { Token, type TokenProperties } from '../core/contract/token.js';

const HOUR_MS = 3_600_000;

/**
 * A token for tests of what uses one.
 *
 * @param properties what matters to the test. @defaultValue the access token `fake-token` of type `Bearer`, generation 1, of the
 *   integration `fake`, which ends in an hour and is refreshed 5 min before
 * @example
 * expect(headersFor(fakeToken({ accessToken: 'a' }))).toEqual({ authorization: 'Bearer a' });
 */
export function fakeToken(properties: Partial<TokenProperties> = {}): Token {
  const expiresAt = properties.expiresAt ?? Date.now() + HOUR_MS;
  return new Token({
    accessToken: 'fake-token',
    tokenType: 'Bearer',
    integration: 'fake',
    generation: 1,
    refreshAt: expiresAt - HOUR_MS / 12,
    keyId: 'fake-key',
    ...properties,
    expiresAt,
  });
}

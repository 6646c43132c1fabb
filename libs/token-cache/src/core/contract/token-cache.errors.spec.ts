import {
  TokenSourceRejectedError,
  TokenSourceUnavailableError,
  TokenStoreUnavailableError,
  TokenWaitTimeoutError,
} from './token-cache.errors.js';

describe('Errors', () => {
  it('have a name, a stable code, and a message that says what happened', () => {
    expect(new TokenWaitTimeoutError('billing', 15_000)).toMatchObject({
      name: 'TokenWaitTimeoutError',
      code: 'TOKEN_WAIT_TIMEOUT',
      message: expect.stringContaining('No token for "billing" within 15000 ms'),
    });
    expect(new TokenStoreUnavailableError('acquire')).toMatchObject({
      name: 'TokenStoreUnavailableError',
      code: 'TOKEN_STORE_UNAVAILABLE',
      message: expect.stringContaining('The token store did not answer "acquire"'),
    });
  });

  it('of a source say what the source said, and nothing that it did not', () => {
    const cause = new Error('401');
    const rejected = new TokenSourceRejectedError('no', { cause, oauthError: 'invalid_client', retryAfterMs: 5 });
    expect(rejected).toMatchObject({ message: 'no', cause, oauthError: 'invalid_client', retryAfterMs: 5 });
    expect(new TokenSourceUnavailableError('down')).toMatchObject({ oauthError: undefined, retryAfterMs: undefined });
  });
});

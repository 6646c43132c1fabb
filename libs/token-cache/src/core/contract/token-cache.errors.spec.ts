import {
  TokenConfigError,
  TokenIntegrationUnknownError,
  TokenLifeTooShortError,
  TokenResponseInvalidError,
  TokenSourceRejectedError,
  TokenSourceUnavailableError,
  TokenStoreUnavailableError,
  TokenWaitTimeoutError,
} from './token-cache.errors.js';

describe('Errors', () => {
  it.each([
    [
      new TokenIntegrationUnknownError('crm', ['billing', 'shop']),
      'TokenIntegrationUnknownError',
      'TOKEN_INTEGRATION_UNKNOWN',
      'No integration is called "crm"; known are: billing, shop. ' +
        'Add it to the options of the module, or with forFeature() or register()',
    ],
    [
      new TokenIntegrationUnknownError('crm', []),
      'TokenIntegrationUnknownError',
      'TOKEN_INTEGRATION_UNKNOWN',
      'No integration is called "crm"; known are: none. ' +
        'Add it to the options of the module, or with forFeature() or register()',
    ],
    [
      new TokenConfigError('store', 'must be a token store, but has no peek()'),
      'TokenConfigError',
      'TOKEN_CONFIG_INVALID',
      'store must be a token store, but has no peek()',
    ],
    [new TokenSourceRejectedError('no'), 'TokenSourceRejectedError', 'TOKEN_SOURCE_REJECTED', 'no'],
    [new TokenSourceUnavailableError('down'), 'TokenSourceUnavailableError', 'TOKEN_SOURCE_UNAVAILABLE', 'down'],
    [new TokenResponseInvalidError('no token'), 'TokenResponseInvalidError', 'TOKEN_RESPONSE_INVALID', 'no token'],
    [
      new TokenLifeTooShortError('billing', 60_000, 600_000),
      'TokenLifeTooShortError',
      'TOKEN_LIFE_TOO_SHORT',
      'No token for "billing" is valid for 600000 ms: a new one is valid for 60000 ms, of which minLifeMs may take ' +
        'nine tenths. Ask for less, or have the provider issue tokens that live longer',
    ],
    [
      new TokenWaitTimeoutError('billing', 15_000),
      'TokenWaitTimeoutError',
      'TOKEN_WAIT_TIMEOUT',
      'No token for "billing" within 15000 ms: another caller or process is still minting it. ' +
        'Try again; if it recurs, look at the source, or raise waitTimeoutMs',
    ],
    [
      new TokenStoreUnavailableError('acquire'),
      'TokenStoreUnavailableError',
      'TOKEN_STORE_UNAVAILABLE',
      'The token store did not answer "acquire", and this call cannot go on without it. Try again; the cause says ' +
        'what is wrong with the store',
    ],
    [
      new TokenStoreUnavailableError('acquire', { isClosed: true }),
      'TokenStoreUnavailableError',
      'TOKEN_STORE_UNAVAILABLE',
      'The client is closed, so the token store is not asked to "acquire". Use no client after close(), or make a new one',
    ],
  ])('have a name, a stable code, and a message that says what happened and what to do: %s', (error, ...told) => {
    expect([error.name, error.code, error.message]).toEqual(told);
  });

  it('of a source say what the source said, and nothing that it did not', () => {
    const cause = new Error('401');
    const rejected = new TokenSourceRejectedError('no', { cause, oauthError: 'invalid_client', retryAfterMs: 5 });
    expect(rejected).toMatchObject({ message: 'no', cause, oauthError: 'invalid_client', retryAfterMs: 5 });
    expect(new TokenSourceUnavailableError('down')).toMatchObject({ oauthError: undefined, retryAfterMs: undefined });
  });
});

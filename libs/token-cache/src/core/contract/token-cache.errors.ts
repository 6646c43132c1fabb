/** Stable codes; switch on these, not on messages. */
export type TokenCacheErrorCode =
  | 'TOKEN_INTEGRATION_UNKNOWN'
  | 'TOKEN_CONFIG_INVALID'
  | 'TOKEN_SOURCE_REJECTED'
  | 'TOKEN_SOURCE_UNAVAILABLE'
  | 'TOKEN_RESPONSE_INVALID'
  | 'TOKEN_LIFE_TOO_SHORT'
  | 'TOKEN_WAIT_TIMEOUT'
  | 'TOKEN_STORE_UNAVAILABLE';

/** Base of every error that this library throws. Messages never hold a token, a secret or a header. */
export abstract class TokenCacheError extends Error {
  /** What kind of error it is; stable. */
  abstract readonly code: TokenCacheErrorCode;

  /** That of its class. */
  override get name(): string {
    return this.constructor.name;
  }
}

/** Nothing is configured under that name. */
export class TokenIntegrationUnknownError extends TokenCacheError {
  readonly code = 'TOKEN_INTEGRATION_UNKNOWN';

  constructor(integration: string, known: readonly string[]) {
    super(
      `No integration is called "${integration}"; known are: ${known.join(', ') || 'none'}. ` +
        'Add it to the options of the module, or with forFeature() or register()',
    );
  }
}

/** An option or a request has a value that cannot work; `field` is its path. */
export class TokenConfigError extends TokenCacheError {
  readonly code = 'TOKEN_CONFIG_INVALID';

  constructor(
    /** The path of the option or of the field of the request, such as `integrations.billing.source`. */
    readonly field: string,
    /** What is wrong with it, without the field's name. */
    readonly problem: string,
  ) {
    super(`${field} ${problem}`);
  }
}

/**
 * Who leaves a source alone after a failure. `process`: the process that failed, until another one fails as well. `fleet`: every
 * process. `provider`: every process, and the one that failed also for its other keys of the same provider and client.
 */
export type FailureBinds = 'process' | 'fleet' | 'provider';

/** What is known of a failed mint. */
export interface TokenSourceErrorOptions extends ErrorOptions {
  /**
   * Who leaves the source alone. @defaultValue `'provider'` with `retryAfterMs`; `'process'` for refused credentials; else
   * `'fleet'`. A source that got no answer at all should say `'process'`: the fault may lie there.
   */
  binds?: FailureBinds;
  /** `error` of the token endpoint's answer (RFC 6749 section 5.2). */
  oauthError?: string;
  /** How long the source asked to be left alone, or for how long the fleet will not ask again. */
  retryAfterMs?: number;
}

/** A mint failed; in which way, the subclass says. */
export abstract class TokenSourceError extends TokenCacheError {
  /** `error` of the token endpoint's answer (RFC 6749 section 5.2). */
  readonly oauthError?: string | undefined;
  /** For how long the source asked to be left alone or, on the error of a caller, is left alone, in ms. */
  readonly retryAfterMs?: number | undefined;
  /** Who leaves the source alone; unset where its kind decides, see `TokenSourceErrorOptions`. */
  readonly binds?: FailureBinds | undefined;

  constructor(message: string, { oauthError, retryAfterMs, binds, ...options }: TokenSourceErrorOptions = {}) {
    super(message, options);
    this.binds = binds;
    this.oauthError = oauthError;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The source said no (4xx): asking again with the same credentials will not help. */
export class TokenSourceRejectedError extends TokenSourceError {
  readonly code = 'TOKEN_SOURCE_REJECTED';
}

/** The source could not answer: network, timeout, 5xx or 429. */
export class TokenSourceUnavailableError extends TokenSourceError {
  readonly code = 'TOKEN_SOURCE_UNAVAILABLE';
}

/** The source answered with something that is not a usable token. */
export class TokenResponseInvalidError extends TokenSourceError {
  readonly code = 'TOKEN_RESPONSE_INVALID';
}

/** The source gives tokens that live for a shorter time than this caller asks for (`minLifeMs`). A caller that asks for less is served. */
export class TokenLifeTooShortError extends TokenCacheError {
  readonly code = 'TOKEN_LIFE_TOO_SHORT';

  constructor(
    integration: string,
    /** For how long a token of the source was valid when it was minted, less the safety margin. */
    readonly lifeMs: number,
    /** What the caller asked for. */
    readonly minLifeMs: number,
  ) {
    super(
      `No token for "${integration}" is valid for ${minLifeMs} ms: a new one is valid for ${lifeMs} ms, of which minLifeMs may take ` +
        'nine tenths. Ask for less, or have the provider issue tokens that live longer',
    );
  }
}

/** Another caller or process was minting for longer than this caller waits (`waitTimeoutMs`). */
export class TokenWaitTimeoutError extends TokenCacheError {
  readonly code = 'TOKEN_WAIT_TIMEOUT';

  constructor(integration: string, waitTimeoutMs: number) {
    super(
      `No token for "${integration}" within ${waitTimeoutMs} ms: another caller or process is still minting it. ` +
        'Try again; if it recurs, look at the source, or raise waitTimeoutMs',
    );
  }
}

/**
 * The store did not answer, and the call cannot go on without it: by policy (`whenStoreUnavailable`), or by its nature, as a purge. Or
 * the client was closed, and asks it nothing any more.
 */
export class TokenStoreUnavailableError extends TokenCacheError {
  readonly code = 'TOKEN_STORE_UNAVAILABLE';

  constructor(operation: string, { isClosed = false, ...options }: ErrorOptions & { isClosed?: boolean } = {}) {
    super(isClosed ? closedAt(operation) : unansweredAt(operation), options);
  }
}

function unansweredAt(operation: string): string {
  return (
    `The token store did not answer "${operation}", and this call cannot go on without it. Try again; the cause says ` +
    'what is wrong with the store'
  );
}

function closedAt(operation: string): string {
  return `The client is closed, so the token store is not asked to "${operation}". Use no client after close(), or make a new one`;
}

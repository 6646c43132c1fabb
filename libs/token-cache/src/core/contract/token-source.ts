import { type TokenRequest } from './token-request.js';

/** Port: where a new token comes from, such as the token endpoint of an OAuth 2.0 authorization server (RFC 6749). */
export interface TokenSource {
  /**
   * Everything that makes the tokens of this source different from another's: issuer, client id, authentication method, a
   * digest of the secret's version. It is part of the store key; a changed identity never sees the old tokens.
   */
  readonly identity: string;

  /**
   * Mints one token. Called by one process at a time for the whole fleet; must give up when `context.signal` aborts.
   *
   * @throws TokenSourceRejectedError when the request itself was refused: the fleet does not ask again for 30 s
   * @throws TokenSourceUnavailableError when asking again may help; any other error counts as this one
   * @throws TokenResponseInvalidError when the answer cannot be used
   */
  mint(request: TokenRequest, context: MintContext): Promise<MintedToken>;
}

/** What a source is told of the mint that it is asked for. */
export interface MintContext {
  /** Aborts after `mintTimeoutMs`. */
  readonly signal: AbortSignal;
  /** The number of the lease; strictly rising per key, and thus fit for an idempotency key such as a `jti`. 0 without a lease. */
  readonly fence: number;
  readonly integration: string;
}

/** A new token, as its source describes it. */
export interface MintedToken {
  readonly accessToken: string;
  /** @defaultValue `'Bearer'` */
  readonly tokenType?: string;
  /** Life from the moment the request was sent. 0, negative and unreadable values count as missing. */
  readonly expiresInMs?: number;
  readonly scope?: string;
}

/**
 * Makes a source of a function.
 *
 * @example
 * tokenSource('legacy-sso', async () => ({ accessToken: await sso.login(), expiresInMs: 600_000 }))
 */
export function tokenSource(identity: string, mint: TokenSource['mint']): TokenSource {
  return { identity, mint };
}

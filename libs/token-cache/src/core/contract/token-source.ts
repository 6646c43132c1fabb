import { type TokenRequest } from './token-request.js';

/** Port: where a new token comes from, such as the token endpoint of an OAuth 2.0 authorization server (RFC 6749). */
export interface TokenSource {
  /**
   * Everything that makes the tokens of this source different from another's: issuer, client id, authentication method, a
   * digest of the secret's version. It is part of the store key; a changed identity never sees the old tokens.
   */
  readonly identity: string;

  /**
   * The server that is asked, such as the URL of its token endpoint. Sources that name the same one share its `maxOpenMints`
   * within a process. @defaultValue `identity`
   */
  readonly provider?: string;

  /**
   * As whom the server is asked, such as a client id. Sources that name the same provider and client leave it alone together
   * when it throttles one of them, within a process. @defaultValue `identity`
   */
  readonly client?: string;

  /**
   * Mints one token. Called by one process at a time for each key of the fleet, but by each for itself while the store does not
   * answer; must give up when `context.signal` aborts.
   *
   * @throws TokenSourceRejectedError when the request itself was refused: asked again after 30 s (`cooldown.rejectedMs`)
   * @throws TokenSourceUnavailableError when asking again may help; any other error counts as this one
   * @throws TokenResponseInvalidError when the answer cannot be used
   */
  mint(request: TokenRequest, context: MintContext): Promise<MintedToken>;

  /**
   * Refuses a request that this source would answer with the token of another one, such as a `tenant` that it does not use. It is
   * called once per distinct request, before anything is looked up. @defaultValue every request is served
   *
   * @throws TokenConfigError naming the field, such as `request.tenant`
   */
  check?(request: TokenRequest): void;
}

/** What a source is told of the mint that it is asked for. */
export interface MintContext {
  /** Aborts after `mintTimeoutMs`. */
  readonly signal: AbortSignal;
  /** The number of the lease; strictly rising per key, and thus fit for an idempotency key such as a `jti`. 0 without a lease. */
  readonly fence: number;
  /** For which integration, by its name in the options. */
  readonly integration: string;
  /**
   * Headers that observers want on the requests of this mint, such as the `traceparent` of a trace (W3C Trace Context). A source
   * that speaks HTTP sends them unless it is configured with a header of that name. @defaultValue none
   */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A new token, as its source describes it. The token is used for the smallest of all that is known of its remaining life: these
 * fields, the `exp`, `iat` and `nbf` of a JWT, and the end that the same token had before.
 */
export interface MintedToken {
  /** Visible ASCII without spaces (RFC 6750 section 2.1, leniently); any other is refused with TokenResponseInvalidError. */
  readonly accessToken: string;
  /** @defaultValue `'Bearer'` */
  readonly tokenType?: string;
  /** Life from the moment the request was sent. 0 and less: it is over (see `zeroExpiry`). What cannot be read counts as missing. */
  readonly expiresInMs?: number;
  /** Its end by the server's clock, in epoch ms, from servers that say it so. Read as `expiresInMs` is. */
  readonly expiresAt?: number;
  /**
   * When the server answered, by its own clock, in epoch ms: the `Date` of the response (RFC 9110 section 6.6.1). With it the
   * clocks of server and client need not agree. @defaultValue the clock of this machine
   */
  readonly answeredAt?: number;
  /** What was granted (RFC 6749 section 5.1). @defaultValue the source does not say */
  readonly scope?: string;
}

/**
 * Makes a source of a function.
 *
 * @param names of the server and of the client, for sources that share them
 * @example
 * tokenSource('legacy-sso', async () => ({ accessToken: await sso.login(), expiresInMs: 600_000 }))
 */
export function tokenSource(
  identity: string,
  mint: TokenSource['mint'],
  names: Pick<TokenSource, 'provider' | 'client'> = {},
): TokenSource {
  const { provider, client } = names;
  return { identity, mint, ...(provider !== undefined && { provider }), ...(client !== undefined && { client }) };
}

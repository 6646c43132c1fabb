import { type AllowedHttp, isProtocolAllowed } from '@mintonce/token-cache/oauth';
import { Logger } from '@nestjs/common';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type FlattenedJWSInput,
  type JWKSCacheInput,
  jwksCache,
  type JWSHeaderParameters,
} from 'jose';
import {
  allowInsecureRequests,
  customFetch as discoveryFetch,
  discoveryRequest,
  processDiscoveryResponse,
} from 'oauth4webapi';
import { type IssuerFetch } from './issuer-fetch.js';

/** How long keys are used before they are fetched anew. */
const MAX_AGE_MS = 10 * 60_000;
/** How long keys go on being used while the issuer gives none: an outage of it must not become one of the gateway. */
const MAX_STALE_MS = 60 * 60_000;
const TIMEOUT_MS = 5_000;
/** After a failure the issuer is left alone. */
const PAUSE_MS = 5_000;
/** Failures of a token, not of its issuer. */
const OF_THE_TOKEN = new Set([
  'ERR_JWKS_NO_MATCHING_KEY',
  'ERR_JWKS_MULTIPLE_MATCHING_KEYS',
  'ERR_JOSE_NOT_SUPPORTED',
  'ERR_JOSE_ALG_NOT_ALLOWED',
]);

type RemoteKeys = ReturnType<typeof createRemoteJWKSet>;
/** A public key of an issuer. */
export type Key = Awaited<ReturnType<RemoteKeys>>;

/** The keys of an issuer cannot be had, so that nobody can tell whether a token is its own. */
export class IssuerUnavailableError extends Error {
  constructor(options?: ErrorOptions) {
    super('The keys of the issuer cannot be had: check access.jwt, and that the issuer answers this machine', options);
    this.name = 'IssuerUnavailableError';
  }
}

/** Where the keys of an issuer are. */
export interface IssuerAddress extends AllowedHttp {
  readonly issuer: string;
  /** @defaultValue what the issuer's metadata say */
  readonly jwksUri?: string;
}

/**
 * The public keys of one issuer, fetched when they are first needed, anew every 10 minutes, and when a token names a key that is
 * not among them, at most every 30 s. While the issuer does not answer, the last ones are used for an hour. The
 * log says why it does not, and that it does again.
 */
export class IssuerKeys {
  private readonly cache: JWKSCacheInput = {};
  private remote?: Promise<RemoteKeys>;
  private readonly logger = new Logger('Access');
  private pausedUntil = 0;
  /** By the wall clock; undefined while it answers. */
  private awaySince?: number;

  constructor(
    private readonly address: IssuerAddress,
    private readonly fetch: IssuerFetch,
  ) {}

  /** @throws JOSEError when no key is that of the token, IssuerUnavailableError when that cannot be known */
  async keyOf(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<Key> {
    if (performance.now() < this.pausedUntil) return this.lastKnownKeyOf(header, token);
    try {
      return await this.fetchedKeyOf(header, token).finally(() => this.noticeReturn());
    } catch (error) {
      if (isOfTheToken(error)) throw error;
      this.noticeAbsence(error);
      this.pausedUntil = performance.now() + PAUSE_MS;
      return this.lastKnownKeyOf(header, token, error);
    }
  }

  private async lastKnownKeyOf(header: JWSHeaderParameters, token: FlattenedJWSInput, cause?: unknown): Promise<Key> {
    const { jwks, uat } = this.cache;
    if (!jwks || Date.now() - uat > MAX_STALE_MS) throw new IssuerUnavailableError({ cause });
    try {
      return await createLocalJWKSet(jwks)(header, token);
    } catch (error) {
      // The key may be a new one, which could not be fetched.
      throw error instanceof errors.JWKSNoMatchingKey ? new IssuerUnavailableError({ cause }) : error;
    }
  }

  private async fetchedKeyOf(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<Key> {
    const keys = await this.connected();
    return keys(header, token);
  }

  private noticeAbsence(error: unknown): void {
    if (this.awaySince !== undefined) return;
    this.awaySince = Date.now();
    this.logger.warn(
      `The keys of the issuer ${this.address.issuer} cannot be had: ${messagesOf(error)}. Callers with its tokens are let in by the last ` +
        'keys for an hour, and then get 503',
    );
  }

  /** A key that was there before tells nothing of the issuer. */
  private noticeReturn(): void {
    if (this.awaySince === undefined) return;
    // There is no such instant before the first keys have come.
    const hasCome = this.cache.uat >= this.awaySince;
    if (!hasCome) return;
    this.awaySince = undefined;
    this.logger.log(`The keys of the issuer ${this.address.issuer} are there again`);
  }

  private connected(): Promise<RemoteKeys> {
    this.remote ??= this.connect().catch((error: unknown) => {
      this.remote = undefined;
      throw error;
    });
    return this.remote;
  }

  private async connect(): Promise<RemoteKeys> {
    const url = new URL(this.address.jwksUri ?? (await this.discover()));
    if (!isProtocolAllowed(url, this.address))
      throw new Error('The jwks_uri of the issuer must be https: set jwksUri in access.jwt to one, or allowPlainHttp');
    return createRemoteJWKSet(url, {
      cacheMaxAge: MAX_AGE_MS,
      timeoutDuration: TIMEOUT_MS,
      [customFetch]: this.fetch,
      [jwksCache]: this.cache,
    });
  }

  /** OpenID Connect Discovery, or RFC 8414 where the issuer has no such document. */
  private async discover(): Promise<string> {
    const issuer = new URL(this.address.issuer);
    const options = {
      [discoveryFetch]: this.fetch,
      // The configuration was checked: an issuer that is http is allowed.
      [allowInsecureRequests]: true,
    };
    const responses = (['oidc', 'oauth2'] as const).map((algorithm) => async () => {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      return processDiscoveryResponse(issuer, await discoveryRequest(issuer, { ...options, algorithm, signal }));
    });
    const { jwks_uri: jwksUri } = await responses[0]!().catch(responses[1]);
    if (jwksUri === undefined)
      throw new Error('The metadata of the issuer names no jwks_uri: set jwksUri in access.jwt');
    return jwksUri;
  }
}

/** What an error says, and what caused it: `fetch` says no more than that it failed. */
function messagesOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${messagesOf(error.cause)}`;
}

function isOfTheToken(error: unknown): boolean {
  return error instanceof errors.JOSEError && OF_THE_TOKEN.has(error.code);
}

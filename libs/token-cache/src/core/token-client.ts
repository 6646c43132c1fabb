import { inspect } from 'node:util';
import { assemble, type ClientParts } from './assemble.js';
import {
  checkPolicyFields,
  type IntegrationOptions,
  resolveIntegrations,
  resolveOptions,
  type TokenCacheConfig,
  type TokenCacheOptions,
} from './config/token-cache.options.js';
import { DEFAULT_NEAR_CACHE, DEFAULT_POLICY, resolvePolicy, type TokenPolicyOptions } from './config/policy.js';
import { type TokenKey, TokenKeys } from './config/token-key.js';
import { momentOf } from './contract/moment.js';
import { Shutdown } from './contract/shutdown.js';
import { TokenCacheError, type TokenCacheErrorCode, TokenConfigError } from './contract/token-cache.errors.js';
import { type TokenObserver } from './contract/token-observer.js';
import { type TokenRequest } from './contract/token-request.js';
import { type IntegrationStatus } from './contract/token-status.js';
import { type Token } from './contract/token.js';
import { fetchTransport, signalOf, type TokenRequestInit } from './door/token-fetch.js';
import { type Transport } from './door/transport.js';

/** Options of one call. */
export interface GetTokenOptions {
  /** Ends the caller's wait; a mint that was sent goes on for the others. */
  readonly signal?: AbortSignal;
  /**
   * How long the token must still be valid when it is given, as for an upload of ten minutes: at most `maxLifeMs`, and nine tenths of
   * the life of a new token. A token that ends sooner is replaced for the fleet by one mint, and served meanwhile to callers who need
   * it for less. @defaultValue 0: any valid token
   */
  readonly minLifeMs?: number;
}

/** Options of one request to an upstream. */
export interface SendOptions extends GetTokenOptions {
  /** Which token, when the integration has several. */
  readonly request?: TokenRequest;
}

/** A token that was not there when the time for it was over. */
export interface ColdToken {
  /** Its integration, by its name in the options. */
  readonly integration: string;
  /** Of the error that a caller would have heard; `TOKEN_WAIT_TIMEOUT` when the time was over first, and the mint goes on. */
  readonly code: TokenCacheErrorCode;
}

/** What may change while a client is in use. */
export interface ReconfigureOptions extends TokenPolicyOptions {
  /** All integrations from now on, those of feature modules included. */
  readonly integrations?: Record<string, IntegrationOptions>;
}

/** How long a shutdown lets mints in flight finish. */
const SHUTDOWN_GRACE_MS = 5_000;

/** Gives out access tokens, each minted once per lifetime for all processes that share the store; needs no framework. */
export class TokenClient {
  private config: TokenCacheConfig;
  private readonly keys: TokenKeys;
  private readonly shutdown = new Shutdown();
  private readonly parts: ClientParts;
  private closing?: Promise<void>;

  /** @throws TokenConfigError naming the field */
  constructor(options: TokenCacheOptions) {
    this.config = resolveOptions(options);
    this.keys = new TokenKeys((this.config.nearCache || DEFAULT_NEAR_CACHE).maxEntries);
    this.parts = assemble(this.config, this.shutdown, (error) => this.onUnexpected(error));
    for (const integration of this.config.integrations.values()) this.keys.add(integration);
  }

  /** Names of all integrations. */
  get integrations(): readonly string[] {
    return this.keys.integrations;
  }

  /**
   * A token that is valid for at least its safety margin, minted if no process has one.
   *
   * @throws TokenIntegrationUnknownError, TokenConfigError when the request cannot be served by any token
   * @throws TokenSourceRejectedError, TokenSourceUnavailableError, TokenResponseInvalidError when minting fails or failed in
   *   any process a moment ago
   * @throws TokenWaitTimeoutError after `waitTimeoutMs`
   * @throws TokenLifeTooShortError when new tokens live too short for `minLifeMs`; found out by one mint in the life of a token
   * @throws TokenStoreUnavailableError with `whenStoreUnavailable: 'fail'`, or after `close`
   */
  getToken(integration: string, request?: TokenRequest, options?: GetTokenOptions): Promise<Token> {
    // Not async: a promise around a promise is a third of what a hit takes.
    try {
      const key = this.keys.of(integration, request);
      return this.parts.supply.get(key, options && checkedAsking(key, options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * The token if any process has one that was not rejected; never mints.
   *
   * @throws TokenIntegrationUnknownError, TokenConfigError as `getToken` does
   * @throws TokenStoreUnavailableError when the store does not answer and this process holds none
   */
  async peek(integration: string, request?: TokenRequest): Promise<Token | undefined> {
    const key = this.keys.of(integration, request);
    const near = this.parts.tokens.trusted(key.id, momentOf(this.config.clock));
    return near?.token ?? (await this.parts.lookUp.look(key)).held?.token;
  }

  /**
   * Sends a request with the integration's token, by any client: an answer that speaks against the token (`renewOn`) is
   * reported as `invalidate` does, and the request is sent once more with the current token, if its body can be. When no
   * other token can be had, the caller gets the upstream's answer.
   *
   * @throws what `getToken` and the transport throw
   */
  async send<Answer>(integration: string, transport: Transport<Answer>, options: SendOptions = {}): Promise<Answer> {
    const key = this.keys.of(integration, options.request);
    return this.parts.withToken.send(key, transport, checkedAsking(key, options));
  }

  /**
   * `fetch` with the integration's credential, by the rule of `send`; a stream is never sent twice.
   *
   * @throws what `getToken` and `fetch` throw
   */
  async fetch(integration: string, input: string | URL | Request, init: TokenRequestInit = {}): Promise<Response> {
    const { token: request, minLifeMs, ...rest } = init;
    return this.send(integration, fetchTransport(input, rest), { request, minLifeMs, signal: signalOf(input, rest) });
  }

  /**
   * Says that an upstream rejected a token. It names a generation, so that late rejections of an old token do not harm the
   * new one. The fleet replaces a token at most once per pace (`rejection`); until then it is served on, and so it is when
   * no other can be had. A token that an upstream accepted a moment ago is refreshed at once instead, at most once per
   * `rejection.maxPaceMs`, and served meanwhile.
   *
   * @returns true when the fleet replaces it because of this call
   * @throws TokenIntegrationUnknownError
   * @throws TokenConfigError when it is no token of this library
   */
  async invalidate(token: Token): Promise<boolean> {
    if (typeof token?.keyId !== 'string') throw new TokenConfigError('token', 'must be a Token that getToken() gave');
    const known = this.parts.tokens.keyOf(token);
    const key = known ?? { ...this.keys.of(token.integration), id: token.keyId };
    const verdict = await this.parts.rejections.report(key, token);
    // A token of another client does not tell its request, so it cannot be minted here.
    // A failed refresh is reported by the metrics, and leaves the caller where it was.
    if (verdict === 'contested' && known) await this.parts.supply.replace(known, token).catch(() => {});
    return verdict === 'replaced';
  }

  /**
   * Drops the token, the cool-down and the memory of rejections in all processes, and voids a mint in flight. A pause that a
   * provider asked for goes on in the process that was told. While the store does not answer it is tried again for 5 s, or for
   * twice `storeTimeoutMs` if that is longer.
   *
   * @throws TokenIntegrationUnknownError, TokenConfigError as `getToken` does
   * @throws TokenStoreUnavailableError when the store cannot be told
   */
  async purge(integration: string, request?: TokenRequest): Promise<void> {
    const key = this.keys.of(integration, request);
    let fence: number | undefined;
    try {
      fence = await this.parts.store.purge(key);
    } finally {
      this.parts.storeEvents.deliver({ type: 'purged', keyId: key.id, fence });
    }
  }

  /**
   * Does what `purge` does to every token of an integration, whatever its scopes, tenant or subject: the first thing after a leak. It
   * is one step for the store, which needs to know none of the keys, so that tokens are purged as well that only processes which are
   * cut off know of.
   *
   * @throws TokenIntegrationUnknownError
   * @throws TokenStoreUnavailableError when the store, or a part of it, cannot be told: repeat it
   */
  async purgeAll(integration: string): Promise<void> {
    const key = this.keys.of(integration);
    const { group } = key;
    let fence: number | undefined;
    try {
      fence = await this.parts.store.purgeGroup(key);
    } finally {
      this.parts.storeEvents.deliver({ type: 'purged-group', group, fence });
    }
  }

  /**
   * What is known of an integration without minting; never throws for a store that does not answer.
   *
   * @throws TokenIntegrationUnknownError, TokenConfigError as `getToken` does
   */
  async status(integration: string, request?: TokenRequest): Promise<IntegrationStatus> {
    const key = this.keys.of(integration, request);
    const known = { integration, lastErrorCode: this.parts.lastErrors.of(key.id) };
    try {
      const { held, cooldown } = await this.parts.lookUp.look(key);
      const coolingMs = cooldown?.remainingMs;
      if (!held) return { ...known, coolingMs, state: cooldown ? 'cooling' : 'missing' };
      const { expiresAt, generation } = held.token;
      return { ...known, coolingMs, state: 'valid', expiresAt, generation };
    } catch {
      return { ...known, state: 'unknown' };
    }
  }

  /**
   * Sees to it that the tokens of all integrations with `warmUp` are there, as `getToken` would, for `warmUpTimeoutMs` at most. The
   * fleet mints each once, within `maxOpenMints`. Never throws for a token that cannot be had: it is minted when it is asked for.
   *
   * @returns the tokens that are not there
   */
  async warmUp(): Promise<readonly ColdToken[]> {
    const timeUp = new AbortController();
    const cancel = this.config.clock.after(this.config.warmUpTimeoutMs, () => timeUp.abort());
    const warmed = await Promise.all(this.keys.toWarmUp.map((key) => this.warmedUp(key, timeUp.signal)));
    cancel();
    return warmed.filter((cold) => cold !== undefined);
  }

  /** Whether the store answers now. */
  storeAvailable(): Promise<boolean> {
    return this.parts.guarded
      .call(undefined, 'ping', this.config.policy.storeTimeoutMs, (store) => store.ping())
      .then(() => true)
      .catch(() => false);
  }

  /**
   * Whether policy lets this integration go on when the store does not answer.
   *
   * @throws TokenIntegrationUnknownError
   */
  canMintWithoutStore(integration: string): boolean {
    return this.keys.of(integration).integration.policy.whenStoreUnavailable === 'mint-locally';
  }

  /** Tells `observer` of everything from now on; the returned function ends that. */
  observe(observer: TokenObserver): () => void {
    return this.parts.observers.add(observer);
  }

  /**
   * Adds integrations under the policy of the options.
   *
   * @throws TokenConfigError naming the field
   */
  register(integrations: Record<string, IntegrationOptions>): void {
    for (const integration of resolveIntegrations(integrations, this.config.policy).values())
      this.keys.add(integration);
  }

  /**
   * Takes another policy and other integrations in place of all that there are. A token is kept if its integration is still there
   * under the same identity of its source; mints and calls in flight end as they began.
   *
   * @throws TokenConfigError naming the field; then nothing has changed
   */
  reconfigure({ integrations = {}, ...policy }: ReconfigureOptions): void {
    const base = resolvePolicy('', DEFAULT_POLICY, checkPolicyFields(policy));
    const resolved = resolveIntegrations(integrations, base);
    this.config = { ...this.config, policy: base };
    this.keys.replace(resolved.values());
  }

  /** Lets mints in flight finish within 5 s, releases the leases of the others, and closes what the store opened. */
  close(): Promise<void> {
    return (this.closing ??= this.closeOnce());
  }

  /** Hears of a failure in the background that is none of the library's errors. */
  protected onUnexpected(error: unknown): void {
    process.emitWarning(inspect(error), 'TokenCacheWarning');
  }

  private async warmedUp(key: TokenKey, signal: AbortSignal): Promise<ColdToken | undefined> {
    try {
      await this.parts.supply.get(key, { signal });
      return undefined;
    } catch (error) {
      const integration = key.integration.name;
      if (error instanceof TokenCacheError) return { integration, code: error.code };
      if (!signal.aborted) this.onUnexpected(error);
      return { integration, code: 'TOKEN_WAIT_TIMEOUT' };
    }
  }

  private async closeOnce(): Promise<void> {
    const { guarded, retries, storeEvents, supply } = this.parts;
    const cancel = this.config.clock.after(SHUTDOWN_GRACE_MS, () => {
      this.shutdown.begin('closing');
      storeEvents.wakeAll();
    });
    this.shutdown.begin('draining');
    await supply.settled();
    cancel();
    this.shutdown.begin('closed');
    await retries.settled();
    storeEvents.close();
    await guarded.close();
  }
}

/** @throws TokenConfigError when `minLifeMs` is longer than any token of that key may live, or no length of time */
function checkedAsking({ integration }: TokenKey, asking: GetTokenOptions): GetTokenOptions {
  const { minLifeMs = 0 } = asking;
  const { maxLifeMs } = integration.policy;
  // A number that is none fails every comparison.
  if (typeof minLifeMs !== 'number' || !(minLifeMs >= 0 && minLifeMs <= maxLifeMs)) {
    throw new TokenConfigError('minLifeMs', `must be a number of milliseconds from 0 to maxLifeMs (${maxLifeMs})`);
  }
  return asking;
}

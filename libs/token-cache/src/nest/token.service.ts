import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Flights } from '../core/protocol/flights.js';
import { BREAKER_RESET_MS, GuardedStore } from '../core/store-client/guarded-store.js';
import { StoreClient } from '../core/store-client/store-client.js';
import { FailureMemory } from '../core/source-client/failure-memory.js';
import { TokenShelf } from '../core/in-hand/token-shelf.js';
import { Upkeep } from '../core/protocol/upkeep.js';
import { SourceClient } from '../core/source-client/source-client.js';
import { Acquisition, type Obtained } from '../core/protocol/acquisition.js';
import { Minting } from '../core/protocol/minting.js';
import { type HeldToken, NearCache } from '../core/in-hand/near-cache.js';
import { DEFAULT_NEAR_CACHE } from '../core/config/policy.js';
import {
  type IntegrationOptions,
  resolveIntegrations,
  type TokenCacheConfig,
} from '../core/config/token-cache.options.js';
import { TOKEN_CACHE_CONFIG } from './token-cache.tokens.js';
import {
  TokenCacheError,
  type TokenCacheErrorCode,
  TokenSourceError,
  TokenStoreUnavailableError,
  TokenWaitTimeoutError,
} from '../core/contract/token-cache.errors.js';
import { fetchWithToken, type TokenRequestInit } from '../core/door/token-fetch.js';
import { type TokenKey, TokenKeys } from '../core/config/token-key.js';
import { type TokenObserver } from '../core/contract/token-observer.js';
import { TokenObservers } from '../core/contract/token-observers.js';
import { type TokenRequest } from '../core/contract/token-request.js';
import { type IntegrationStatus } from '../core/contract/token-status.js';
import { type Cooldown } from '../core/contract/token-store.js';
import { type Token } from '../core/contract/token.js';
import { StoreEvents } from '../core/store-client/store-events.js';

/** Calls that serve no integration have a breaker of their own. */
const NO_INTEGRATION = '';
/** How long a shutdown lets mints in flight finish. */
const SHUTDOWN_GRACE_MS = 5_000;

/** Gives out access tokens, each minted once per lifetime for all processes that share the store. */
@Injectable()
export class TokenService implements OnApplicationShutdown {
  private readonly keys = new TokenKeys();
  private readonly observers = new TokenObservers();
  private readonly guarded: GuardedStore;
  private readonly store: StoreClient;
  private readonly storeEvents: StoreEvents;
  private readonly near: NearCache;
  private readonly shelf: TokenShelf;
  private readonly failures: FailureMemory;
  private readonly minter: SourceClient;
  private readonly protocol: Acquisition;
  private readonly upkeep: Upkeep;
  private readonly flights: Flights<Obtained>;
  private readonly background = new Set<Promise<void>>();
  private readonly lastErrors = new LRUCache<string, TokenCacheErrorCode>({ max: DEFAULT_NEAR_CACHE.maxEntries });
  private readonly logger = new Logger(TokenService.name);
  private isClosed = false;

  constructor(@Inject(TOKEN_CACHE_CONFIG) private readonly config: TokenCacheConfig) {
    const { clock, random, nearCache, codec } = config;
    const { observers } = this;
    this.guarded = new GuardedStore(config.store, clock, observers);
    const store = (this.store = new StoreClient(this.guarded, clock));
    const storeEvents = (this.storeEvents = new StoreEvents(clock, random, config.store.events, (event) => {
      if (event.type === 'invalidated') return this.near.dropShared(event.keyId, event.fence);
      this.near.drop(event.keyId);
      this.minter.abort(event.keyId, event.fence);
    }));
    const { maxEntries } = nearCache || DEFAULT_NEAR_CACHE;
    const near = (this.near = new NearCache(nearCache, maxEntries, config.store.events && storeEvents));
    const shelf = (this.shelf = new TokenShelf(near, codec, clock, observers));
    const failures = (this.failures = new FailureMemory(clock, random));
    const minter = (this.minter = new SourceClient(clock, random));
    const minting = new Minting({ clock, random, codec, store, near, shelf, failures, minter, observers });
    this.protocol = new Acquisition({ clock, store, near, shelf, minting, storeEvents, observers });
    this.upkeep = new Upkeep(clock, store, near, shelf, storeEvents, minting, this.protocol);
    this.flights = new Flights(clock);
    for (const integration of config.integrations.values()) this.keys.add(integration);
  }

  /** Names of all integrations. */
  get integrations(): readonly string[] {
    return this.keys.integrations;
  }

  /**
   * A token that is valid for at least its safety margin, minted if no process has one.
   *
   * @param options.signal stops the wait, not a mint that was sent
   * @throws TokenIntegrationUnknownError, TokenConfigError when the request cannot be served by any token
   * @throws TokenSourceRejectedError, TokenSourceUnavailableError, TokenResponseInvalidError when minting fails or failed in
   *   any process a moment ago
   * @throws TokenWaitTimeoutError after `waitTimeoutMs`
   * @throws TokenStoreUnavailableError with `whenStoreUnavailable: 'fail'`
   */
  async getToken(integration: string, request?: TokenRequest, options?: { signal?: AbortSignal }): Promise<Token> {
    const key = this.keys.of(integration, request);
    options?.signal?.throwIfAborted();
    const now = this.config.clock.monotonic();
    const near = this.near.trusted(key.id, now);
    if (near) this.observers.notify('hit', integration, 'near');
    const held = near ?? (await this.join(key, options?.signal));
    if (now >= held.maintainAt) this.maintain(key, held);
    return held.token;
  }

  /**
   * The token if any process has one; never mints.
   *
   * @throws TokenStoreUnavailableError when the store does not answer and this process holds none
   */
  async peek(integration: string, request?: TokenRequest): Promise<Token | undefined> {
    const key = this.keys.of(integration, request);
    const near = this.near.trusted(key.id, this.config.clock.monotonic());
    return near?.token ?? (await this.look(key)).held?.token;
  }

  /**
   * Says that a token was rejected, by a 401 for instance. It is dropped only if it is still the shared one, so that late
   * rejections of an old token do not harm the new one; this process never uses it again either way.
   */
  async invalidate(token: Token): Promise<boolean> {
    const key = this.keys.of(token.integration);
    const generation = this.near.reject(token.keyId, token);
    if (generation === undefined) return false;
    const wasShared = await this.store
      .invalidate(key, token.keyId, generation)
      // The rejection is remembered here, and told to the store as soon as it offers that token again.
      .catch(() => true);
    if (wasShared) this.observers.notify('invalidated', token.integration);
    return wasShared;
  }

  /**
   * Drops the token and the cool-down whatever they are, in all processes, and voids a mint in flight.
   *
   * @throws TokenStoreUnavailableError when the store cannot be told
   */
  async purge(integration: string, request?: TokenRequest): Promise<void> {
    const key = this.keys.of(integration, request);
    // Unless the store tells us up to where it is done, everything here is void.
    let fence = Number.POSITIVE_INFINITY;
    try {
      fence = await this.store.purge(key);
    } finally {
      this.failures.forget(key.id);
      this.storeEvents.deliver({ type: 'purged', keyId: key.id, fence });
    }
  }

  /**
   * `fetch` with the integration's credential. A 401 invalidates that token and is tried once more, if the body can be sent
   * again; a stream is never sent twice.
   */
  fetch(integration: string, input: string | URL | Request, init?: TokenRequestInit): Promise<Response> {
    return fetchWithToken(this, integration, input, init);
  }

  /** What is known of an integration without minting; never throws for a store that does not answer. */
  async status(integration: string, request?: TokenRequest): Promise<IntegrationStatus> {
    const key = this.keys.of(integration, request);
    const lastErrorCode = this.lastErrors.get(key.id);
    const known = { integration, ...(lastErrorCode && { lastErrorCode }) };
    try {
      const { held, cooldown } = await this.look(key);
      const cooling = cooldown && { coolingMs: cooldown.remainingMs };
      if (!held) return { ...known, ...cooling, state: cooldown ? 'cooling' : 'missing' };
      const { expiresAt, generation } = held.token;
      return { ...known, ...cooling, state: 'valid', expiresAt, generation };
    } catch {
      return { ...known, state: 'unknown' };
    }
  }

  /** Whether the store answers now. */
  storeAvailable(): Promise<boolean> {
    return this.guarded
      .call(NO_INTEGRATION, 'ping', this.config.policy.storeTimeoutMs, (store) => store.ping())
      .then(() => true)
      .catch(() => false);
  }

  /** Whether policy lets this integration go on when the store does not answer. */
  canMintWithoutStore(integration: string): boolean {
    return this.keys.of(integration).integration.policy.whenStoreUnavailable === 'mint-locally';
  }

  /** Tells `observer` of everything from now on; the returned function ends that. */
  observe(observer: TokenObserver): () => void {
    return this.observers.add(observer);
  }

  /**
   * Adds integrations under the module's policy.
   *
   * @throws TokenConfigError naming the field
   */
  register(integrations: Record<string, IntegrationOptions>): void {
    for (const integration of resolveIntegrations(integrations, this.config.policy).values())
      this.keys.add(integration);
  }

  /** Lets mints in flight finish within 5 s, releases the leases of the others, and closes what the store opened. */
  async onApplicationShutdown(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    const cancel = this.config.clock.after(SHUTDOWN_GRACE_MS, () => {
      this.protocol.isClosing = true;
      this.minter.close();
      this.storeEvents.wakeAll();
    });
    await this.flights.settled();
    await Promise.allSettled(this.background);
    cancel();
    this.storeEvents.close();
    await this.guarded.close();
  }

  private async join(key: TokenKey, signal: AbortSignal | undefined): Promise<HeldToken> {
    const { name, policy } = key.integration;
    try {
      if (this.isClosed)
        throw new TokenStoreUnavailableError('acquire', { cause: new Error('the application is shut down') });
      const { result, isFirst } = await this.flights.join(key.id, (flight) => this.protocol.obtain(key, flight), {
        signal,
        timeoutMs: policy.waitTimeoutMs,
        timeoutError: () => new TokenWaitTimeoutError(name, policy.waitTimeoutMs),
      });
      if (result.via !== 'mint') this.observers.notify('hit', name, result.via);
      else if (isFirst) this.observers.notify('miss', name);
      else this.observers.notify('hit', name, 'waited');
      this.lastErrors.delete(key.id);
      return result.held;
    } catch (error) {
      if (error instanceof TokenCacheError) {
        this.lastErrors.set(key.id, error.code);
        this.observers.notify('miss', name);
      }
      throw error;
    }
  }

  /** Refreshes or shares the token behind the caller's back, once at a time and never to the caller's harm. */
  private maintain(key: TokenKey, held: HeldToken): void {
    if (this.isClosed) return;
    held.maintainAt = Number.POSITIVE_INFINITY;
    const done = (held.unshared ? this.upkeep.share(key, held) : this.upkeep.refresh(key, held))
      .then(() => void this.lastErrors.delete(key.id))
      .catch((error: unknown) => {
        const retryAfterMs = error instanceof TokenSourceError ? error.retryAfterMs : undefined;
        held.maintainAt = this.config.clock.monotonic() + (retryAfterMs ?? BREAKER_RESET_MS);
        if (!(error instanceof TokenCacheError)) return this.logger.error(error);
        this.lastErrors.set(key.id, error.code);
        if (!held.unshared) this.observers.notify('refreshFailed', key.integration.name, error.code);
      })
      .finally(() => this.background.delete(done));
    this.background.add(done);
  }

  /** What the fleet shares, without asking for the right to mint; what is in hand, if the store does not answer. */
  private async look(key: TokenKey): Promise<{ held?: HeldToken; cooldown?: Cooldown }> {
    const watch = this.storeEvents.watch(key.id);
    try {
      const sentAt = this.config.clock.monotonic();
      const { token, cooldown } = await this.store.peek(key);
      if (token) this.shelf.adopt(key, token, sentAt, watch);
      // Whatever became of the shared token, callers are given what is in hand now.
      const held = token && this.near.valid(key.id, this.config.clock.monotonic());
      return { ...(held && { held }), ...(cooldown && { cooldown }) };
    } catch (error) {
      const inHand = this.near.valid(key.id, this.config.clock.monotonic());
      if (inHand) return { held: inHand };
      throw error;
    } finally {
      watch.close();
    }
  }
}

import CircuitBreaker from 'opossum';
import { type Clock } from '../contract/clock.js';
import { type StoreOperation } from '../contract/token-observer.js';
import { type TokenObservers } from '../contract/token-observers.js';
import { TokenStoreUnavailableError } from '../contract/token-cache.errors.js';
import { type TokenStore } from '../contract/token-store.js';

/** While the breaker is open the store is not asked; after this one call tries it again. */
export const BREAKER_RESET_MS = 1_000;
const BREAKER_VOLUME = 3;

type Call = () => Promise<unknown>;

/**
 * The store behind a time limit and circuit breakers: it answers, or fails fast with one error. Each integration has a
 * breaker of its own, since each may have a time limit of its own, and an impatient one must not cut off the others.
 */
export class GuardedStore {
  private readonly breakers = new Map<string, CircuitBreaker<[Call], unknown>>();

  constructor(
    private readonly store: TokenStore,
    private readonly clock: Clock,
    private readonly observers: TokenObservers,
  ) {}

  /**
   * Makes one call within `timeoutMs`, on behalf of an integration.
   *
   * @throws TokenStoreUnavailableError with the store's own error as the cause
   */
  async call<T>(
    integration: string,
    operation: StoreOperation,
    timeoutMs: number,
    call: (store: TokenStore) => Promise<T>,
  ): Promise<T> {
    const startedAt = this.clock.monotonic();
    let failed = true;
    try {
      const answer = await this.breakerOf(integration).fire(() => this.withinTime(timeoutMs, call(this.store)));
      failed = false;
      return answer as T;
    } catch (cause) {
      const error = new TokenStoreUnavailableError(operation, { cause });
      this.observers.notify('storeFailed', operation, error);
      throw error;
    } finally {
      this.observers.notify('storeCalled', operation, this.clock.monotonic() - startedAt, failed);
    }
  }

  async close(): Promise<void> {
    for (const breaker of this.breakers.values()) breaker.shutdown();
    await this.store.close();
  }

  private breakerOf(integration: string): CircuitBreaker<[Call], unknown> {
    let breaker = this.breakers.get(integration);
    if (!breaker) this.breakers.set(integration, (breaker = newBreaker()));
    return breaker;
  }

  private async withinTime<T>(timeoutMs: number, answer: Promise<T>): Promise<T> {
    let cancel: () => void = () => {};
    const timeout = new Promise<never>((_, reject) => {
      cancel = this.clock.after(timeoutMs, () => reject(new Error(`no answer within ${timeoutMs} ms`)));
    });
    try {
      return await Promise.race([answer, timeout]);
    } finally {
      cancel();
    }
  }
}

function newBreaker(): CircuitBreaker<[Call], unknown> {
  return new CircuitBreaker((call: Call) => call(), {
    timeout: false,
    resetTimeout: BREAKER_RESET_MS,
    volumeThreshold: BREAKER_VOLUME,
    errorThresholdPercentage: 50,
    rollingPercentilesEnabled: false,
  });
}

import CircuitBreaker from 'opossum';
import { type Clock } from './clock.js';
import { type StoreOperation } from './token-observer.js';
import { type TokenObservers } from './token-observers.js';
import { TokenStoreUnavailableError } from './token-cache.errors.js';
import { type TokenStore } from './token-store.js';

/** While the breaker is open the store is not asked; after this one call tries it again. */
export const BREAKER_RESET_MS = 1_000;
const BREAKER_VOLUME = 3;

type Call = () => Promise<unknown>;

/** The store behind a time limit and a circuit breaker: it answers, or fails fast with one error. */
export class GuardedStore {
  private readonly breaker: CircuitBreaker<[Call], unknown>;

  constructor(
    private readonly store: TokenStore,
    private readonly clock: Clock,
    private readonly observers: TokenObservers,
  ) {
    this.breaker = new CircuitBreaker((call: Call) => call(), {
      timeout: false,
      resetTimeout: BREAKER_RESET_MS,
      volumeThreshold: BREAKER_VOLUME,
      errorThresholdPercentage: 50,
      rollingPercentilesEnabled: false,
    });
  }

  /**
   * Makes one call within `timeoutMs`.
   *
   * @throws TokenStoreUnavailableError with the store's own error as the cause
   */
  async call<T>(operation: StoreOperation, timeoutMs: number, call: (store: TokenStore) => Promise<T>): Promise<T> {
    const startedAt = this.clock.monotonic();
    let failed = true;
    try {
      const answer = await this.breaker.fire(() => this.withinTime(timeoutMs, call(this.store)));
      failed = false;
      return answer as T;
    } catch (cause) {
      throw new TokenStoreUnavailableError(operation, { cause });
    } finally {
      this.observers.notify('storeCalled', operation, this.clock.monotonic() - startedAt, failed);
    }
  }

  async close(): Promise<void> {
    this.breaker.shutdown();
    await this.store.close();
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

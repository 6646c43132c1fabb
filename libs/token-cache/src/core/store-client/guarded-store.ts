import { type Clock } from '../contract/clock.js';
import { recentlyUsed } from '../contract/recently-used.js';
import { type StoreOperation } from '../contract/token-observer.js';
import { type TokenObservers } from '../contract/token-observers.js';
import { TokenStoreUnavailableError } from '../contract/token-cache.errors.js';
import { type TokenStore } from '../contract/token-store.js';
import { Breaker, type Verdict } from './breaker.js';
import { insist } from './insistence.js';
import { TimeLimit } from './time-limit.js';

/**
 * These send what is left of a token's life, which a stall has shortened: not this layer repeats them, but their sender, who reckons it
 * anew.
 */
const PUBLISHING: readonly StoreOperation[] = ['commit', 'offer'];

/** More than any store has parts; a breaker that is forgotten is closed. */
const MOST_BREAKERS = 1_000;

/**
 * The store behind a time limit and circuit breakers: it answers, or fails fast with one error.
 *
 * There is a breaker for each part of the store that fails as one, so that a dead shard does not cut off the healthy ones, and
 * for each time limit, so that an impatient integration does not cut off the others. Only calls without an answer count: an
 * error that the store answers with comes at once, concerns that call, and proves that the store lives. A call that ended without
 * an answer while this process was busy does not count either, whoever ended it: Node runs timers before it reads sockets, so a
 * time limit of the client fires after a stall while the answer lies in the socket, and throws it away.
 */
export class GuardedStore {
  private readonly breakers = recentlyUsed<Breaker>(MOST_BREAKERS);
  private readonly insisting = new Set<Promise<unknown>>();

  /** @param closed ends it: no call is begun any more */
  constructor(
    private readonly store: TokenStore,
    private readonly clock: Clock,
    private readonly observers: TokenObservers,
    private readonly closed: AbortSignal,
  ) {}

  /**
   * Makes one call within `timeoutMs`, about a key or, like `ping`, about none.
   *
   * @throws TokenStoreUnavailableError with the store's own error as the cause
   */
  async call<T>(
    keyId: string | undefined,
    operation: StoreOperation,
    timeoutMs: number,
    call: (store: TokenStore) => Promise<T>,
  ): Promise<T> {
    const isRepeatable = !PUBLISHING.includes(operation);
    const ask = (limit: TimeLimit): Promise<T> => (isRepeatable ? this.askAgain(limit, call) : this.ask(limit, call));
    return this.report(operation, this.throughBreaker(this.breakerOf(keyId, operation, timeoutMs), timeoutMs, ask));
  }

  /**
   * Makes a call that somebody waits for and nobody repeats, about a key or about none: also while the breaker is open, and again
   * while it fails, for 5 s.
   *
   * @param call is told for how long this try is waited for
   * @throws TokenStoreUnavailableError with the error of the last try as the cause
   */
  insist<T>(
    keyId: string | undefined,
    operation: StoreOperation,
    timeoutMs: number,
    call: (store: TokenStore, withinMs: number) => Promise<T>,
  ): Promise<T> {
    const attempt = (withinMs: number): Promise<T> => {
      const ask = (limit: TimeLimit): Promise<T> => this.ask(limit, (store) => call(store, withinMs));
      return this.report(
        operation,
        this.throughBreaker(this.breakerOf(keyId, operation, timeoutMs), withinMs, ask, true),
      );
    };
    const answer = insist(this.clock, timeoutMs, attempt, this.closed);
    const settled = answer.catch(() => {}).finally(() => this.insisting.delete(settled));
    this.insisting.add(settled);
    return answer;
  }

  /** Closes what the store opened; resolves when no call is tried again any more. */
  async close(): Promise<void> {
    await this.store.close();
    await Promise.all(this.insisting);
  }

  private async report<T>(operation: StoreOperation, call: Promise<T>): Promise<T> {
    const startedAt = this.clock.monotonic();
    let failed = true;
    try {
      const answer = await call;
      failed = false;
      return answer;
    } catch (cause) {
      const error = new TokenStoreUnavailableError(operation, { cause, isClosed: this.closed.aborted });
      this.observers.notify('storeFailed', operation, error);
      throw error;
    } finally {
      this.observers.notify('storeCalled', operation, this.clock.monotonic() - startedAt, failed);
    }
  }

  private async throughBreaker<T>(
    breaker: Breaker,
    timeoutMs: number,
    call: (limit: TimeLimit) => Promise<T>,
    insists = false,
  ): Promise<T> {
    if (this.closed.aborted) throw new Error('the store is closed');
    const passage = breaker.admit(this.clock.monotonic(), insists);
    if (!passage) throw new Error('the store did not answer a moment ago and is not asked');
    const limit = new TimeLimit(this.clock, timeoutMs);
    let verdict: Verdict = 'answered';
    try {
      return await limit.bound(call(limit));
    } catch (error) {
      verdict = this.verdictOf(error, limit);
      throw error;
    } finally {
      breaker.settle(passage, verdict, this.clock.monotonic());
    }
  }

  private verdictOf(error: unknown, { hasStalled }: TimeLimit): Verdict {
    if (this.hasAnswered(error)) return 'answered';
    return hasStalled ? 'unknown' : 'failed';
  }

  private hasAnswered(error: unknown): boolean {
    return this.store.hasAnswered?.(error) ?? false;
  }

  /** Calls about no key say nothing of those about one, nor of each other. */
  private breakerOf(keyId: string | undefined, operation: StoreOperation, timeoutMs: number): Breaker {
    const part = keyId === undefined ? operation : `of ${this.store.nodeOf?.(keyId) ?? ''}`;
    const name = `${timeoutMs} ${part}`;
    let breaker = this.breakers.get(name);
    if (!breaker) this.breakers.set(name, (breaker = new Breaker()));
    return breaker;
  }

  private async ask<T>(limit: TimeLimit, call: (store: TokenStore) => Promise<T>): Promise<T> {
    const connecting = this.store.ready?.();
    if (connecting) await connecting;
    if (limit.isOver) throw new Error('given up before it was sent');
    return call(this.store);
  }

  /** Asks once more when a stall cost the answer. */
  private async askAgain<T>(limit: TimeLimit, call: (store: TokenStore) => Promise<T>): Promise<T> {
    try {
      return await this.ask(limit, call);
    } catch (error) {
      if (limit.isOver || !limit.hasStalled || this.hasAnswered(error)) throw error;
      return this.ask(limit, call);
    }
  }
}

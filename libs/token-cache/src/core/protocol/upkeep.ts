import { type TokenKey } from '../config/token-key.js';
import { type Clock } from '../contract/clock.js';
import { type HeldToken } from '../contract/held-token.js';
import { TokenCacheError, TokenSourceError } from '../contract/token-cache.errors.js';
import { type TokenObservers } from '../contract/token-observers.js';
import { type Lease } from '../contract/token-store.js';
import { type TokensInHand } from '../in-hand/tokens-in-hand.js';
import { errorOf } from '../source-client/cooldown.js';
import { BREAKER_RESET_MS } from '../store-client/breaker.js';
import { type KeyWatch } from '../store-client/key-watch.js';
import { type Granted, type StoreClient } from '../store-client/store-client.js';
import { type StoreEvents } from '../store-client/store-events.js';
import { type LastErrors } from './last-errors.js';
import { type LeasedMint } from './leased-mint.js';

export interface UpkeepParts {
  clock: Clock;
  store: StoreClient;
  tokens: TokensInHand;
  storeEvents: StoreEvents;
  leasedMint: LeasedMint;
  lastErrors: LastErrors;
  observers: TokenObservers;
  /** Hears of a failure that is none of the library's errors. */
  onUnexpected(error: unknown): void;
}

/** When a token is tended next. */
type Schedule = { readonly state: 'running' } | { readonly state: 'resting'; readonly until: number };

/** What is done for a token behind the callers' backs: refresh it in time, and share it if it was minted without the store. */
export class Upkeep {
  private readonly schedules = new WeakMap<HeldToken, Schedule>();
  private readonly running = new Set<Promise<void>>();

  constructor(private readonly parts: UpkeepParts) {}

  /** Begins what is due for a token, once at a time and never to the caller's harm. */
  tend(key: TokenKey, held: HeldToken): void {
    const schedule = this.schedules.get(held);
    if (schedule?.state === 'running' || (schedule && schedule.until > this.now())) return;
    this.schedules.set(held, { state: 'running' });
    const done = this.tended(key, held)
      .then((restMs) => void this.schedules.set(held, { state: 'resting', until: this.now() + restMs }))
      .finally(() => this.running.delete(done));
    this.running.add(done);
  }

  /** Resolves when nothing is running. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.running);
  }

  /** Does what is due; gives how long the token is then left alone. */
  private async tended(key: TokenKey, held: HeldToken): Promise<number> {
    const isShared = held.sharing.state === 'shared';
    try {
      await this.parts.lastErrors.record(key.id, isShared ? this.refresh(key, held) : this.share(key, held));
      return isShared ? key.integration.policy.leaseMs / 3 : BREAKER_RESET_MS;
    } catch (error) {
      if (!(error instanceof TokenCacheError)) this.parts.onUnexpected(error);
      else if (isShared) this.parts.observers.notify('refreshFailed', key.integration.name, error.code);
      return (error instanceof TokenSourceError && error.retryAfterMs) || BREAKER_RESET_MS;
    }
  }

  /**
   * Replaces a token in its refresh window, if no other process does.
   *
   * @throws TokenSourceError, TokenStoreUnavailableError
   */
  private async refresh(key: TokenKey, held: HeldToken): Promise<void> {
    const { store, tokens, leasedMint } = this.parts;
    await this.watching(key, async (watch) => {
      const sentAt = this.now();
      const acquired = await store.attempt(key).acquire({ minTtlMs: held.endsAt - held.refreshAt });
      if (acquired.outcome === 'cooling') throw errorOf(acquired.cooldown, key.integration.name);
      if (acquired.outcome === 'hit') tokens.admit(key, acquired.token, sentAt, watch);
      if (acquired.outcome !== 'lease' || (await this.settlesFor(key, acquired, sentAt, watch))) return;
      await leasedMint.mint(key, acquired, watch);
    });
  }

  /** Another process refreshed already, with a token that lives shorter than the old one's window: takes that. */
  private async settlesFor(
    key: TokenKey,
    { lease, token }: Granted,
    sentAt: number,
    watch: KeyWatch,
  ): Promise<boolean> {
    const admission = token && this.parts.tokens.admit(key, token, sentAt, watch);
    if (admission?.outcome !== 'held' || admission.held.refreshAt <= this.now()) return false;
    await this.parts.store.fail(key, lease);
    return true;
  }

  /**
   * Offers a token that was minted without the store; the one that lives longer wins.
   *
   * @throws TokenSourceError, TokenStoreUnavailableError
   */
  private async share(key: TokenKey, held: HeldToken): Promise<void> {
    const { sharing } = held;
    await this.watching(key, async (watch) => {
      const lease = sharing.state === 'unanswered' ? sharing.lease : await this.leaseToShare(key, held, watch);
      if (!lease) return;
      const published = await this.parts.leasedMint.publish(key, lease, held, watch);
      if (published === 'voided') this.parts.tokens.drop(key.id, held);
    });
  }

  /** The right to publish a token that was minted without one; none when the store has, or should have, a better one. */
  private async leaseToShare(key: TokenKey, held: HeldToken, watch: KeyWatch): Promise<Lease | undefined> {
    const { store, tokens, leasedMint } = this.parts;
    const sentAt = this.now();
    const acquired = await store.attempt(key).acquire({ minTtlMs: held.endsAt - sentAt });
    // A token that is being refreshed, or cannot be, is told although it ends before ours.
    if (acquired.outcome === 'hit' && sentAt + acquired.token.ttlMs > held.endsAt) {
      tokens.admit(key, acquired.token, sentAt, watch);
    }
    if (acquired.outcome !== 'lease') return undefined;
    const isOver = held.endsAt - this.now() < 1;
    if (acquired.reason !== 'invalidated' && !isOver) return acquired.lease;
    tokens.drop(key.id, held);
    await leasedMint.mint(key, acquired, watch);
    return undefined;
  }

  private async watching(key: TokenKey, work: (watch: KeyWatch) => Promise<void>): Promise<void> {
    const watch = this.parts.storeEvents.watch(key.id);
    try {
      await work(watch);
    } finally {
      watch.close();
    }
  }

  private now(): number {
    return this.parts.clock.monotonic();
  }
}

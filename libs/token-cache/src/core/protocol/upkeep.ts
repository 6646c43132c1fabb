import { type TokenKey } from '../config/token-key.js';
import { type Clock } from '../contract/clock.js';
import { freshFrom, type HeldToken, isSameToken } from '../contract/held-token.js';
import { momentOf } from '../contract/moment.js';
import { TokenCacheError, TokenSourceError, TokenStoreUnavailableError } from '../contract/token-cache.errors.js';
import { type TokenObservers } from '../contract/token-observers.js';
import { type Acquired, type Lease } from '../contract/token-store.js';
import { enoughLifeMs } from '../in-hand/enough-life.js';
import { type TokensInHand } from '../in-hand/tokens-in-hand.js';
import { errorOf } from '../source-client/cooldown.js';
import { type Release } from '../source-client/open-mints.js';
import { type SourceClient } from '../source-client/source-client.js';
import { BREAKER_RESET_MS } from '../store-client/breaker.js';
import { type KeyWatch } from '../store-client/key-watch.js';
import { type Granted, type Refused, type StoreClient, type Wanted } from '../store-client/store-client.js';
import { type StoreEvents } from '../store-client/store-events.js';
import { type KnownCooldowns } from './known-cooldowns.js';
import { type LastErrors } from './last-errors.js';
import { type Mints } from './mints.js';
import { type Publishing } from './publishing.js';
import { type Rejections } from './rejections.js';

export interface UpkeepParts {
  clock: Clock;
  random: () => number;
  store: StoreClient;
  tokens: TokensInHand;
  storeEvents: StoreEvents;
  sources: SourceClient;
  cooldowns: KnownCooldowns;
  mints: Mints;
  publishing: Publishing;
  rejections: Rejections;
  lastErrors: LastErrors;
  observers: TokenObservers;
  /** Hears of a failure that is none of the library's errors. */
  onUnexpected(error: unknown): void;
}

/** What is left of a token's life is spread over by this share at least, however long a mint may take. */
const LEAST_SPREAD = 1 / 4;

/**
 * What is done for a token behind the callers' backs: refresh it in time, take the newer one of another process, and give it
 * to a store that has lost it or never had it.
 */
export class Upkeep {
  /** Something is done for these tokens. */
  private readonly attended = new WeakSet<HeldToken>();
  /** Until when a token is left alone after that. */
  private readonly restsUntil = new WeakMap<HeldToken, number>();
  /** When a token is replaced without the store, if that does not come back before. */
  private readonly replacedAloneAt = new WeakMap<HeldToken, number>();
  private readonly running = new Set<Promise<void>>();

  constructor(private readonly parts: UpkeepParts) {}

  /** Begins what is due for a token, once at a time and never to the caller's harm. */
  tend(key: TokenKey, held: HeldToken): void {
    const { state } = held.sharing;
    if (state === 'shared') this.whenRested(held, () => this.tended(key, held));
    if (state === 'unshared') this.whenRested(held, () => this.quietly(this.broughtIn(key, held)));
  }

  /** Commits a token that the store has lost, under the lease that was granted in its place; one that it has needs none. */
  share(key: TokenKey, held: HeldToken, { lease, token }: Granted): void {
    const { publishing } = this.parts;
    const isThere = held.sharing.state === 'shared' && token?.fence === held.token.generation;
    const shared = (): Promise<void> => this.watching(key, (watch) => publishing.share(key, lease, held, watch));
    this.begin(held, () => this.quietly(isThere ? this.release(key, lease) : shared()));
  }

  /** Offers a token that the store has lost or never had, while it grants no lease. */
  offer(key: TokenKey, held: HeldToken, refused: Refused): void {
    if (held.sharing.state === 'unanswered') return;
    const { publishing } = this.parts;
    this.whenRested(held, () =>
      this.quietly(this.watching(key, (watch) => publishing.offer(key, refused, held, watch))),
    );
  }

  /** Replaces the older token of that generation, to which the store went back. */
  restore(key: TokenKey, held: HeldToken, generation: number): void {
    this.whenRested(held, () =>
      this.quietly(
        this.watching(key, async (watch) => {
          const acquired = await this.ask(key, { refusedGeneration: generation });
          if (acquired.outcome === 'lease') await this.shareUnlessVoid(key, held, acquired, watch);
        }),
      ),
    );
  }

  /** Resolves when nothing is running. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.running);
  }

  private whenRested(held: HeldToken, work: () => Promise<number>): void {
    if (this.attended.has(held) || (this.restsUntil.get(held) ?? 0) > this.now()) return;
    this.begin(held, work);
  }

  /** @param work gives how long the token is then left alone */
  private begin(held: HeldToken, work: () => Promise<number>): void {
    this.attended.add(held);
    const done = work()
      .then((restMs) => void this.restsUntil.set(held, this.now() + restMs))
      .finally(() => {
        this.attended.delete(held);
        this.running.delete(done);
      });
    this.running.add(done);
  }

  /** What was not told to the store is told later. */
  private async quietly(work: Promise<unknown>): Promise<number> {
    try {
      await work;
    } catch (error) {
      if (!(error instanceof TokenCacheError)) this.parts.onUnexpected(error);
    }
    return BREAKER_RESET_MS;
  }

  /** Before its refresh window a token is due only because another process stored a newer one. */
  private tended(key: TokenKey, held: HeldToken): Promise<number> {
    return this.now() < held.refreshAt ? this.quietly(this.adopt(key, held)) : this.refreshed(key, held);
  }

  /**
   * Takes the newer token that the fleet shares, so that all processes come to use one.
   *
   * @throws TokenStoreUnavailableError
   */
  private async adopt(key: TokenKey, held: HeldToken): Promise<void> {
    const { clock, rejections, tokens } = this.parts;
    await this.watching(key, async (watch) => {
      const sentAt = momentOf(clock);
      const { token, isRejected } = await rejections.peek(key);
      tokens.forgetSuccessor(key.id, held);
      if (token && !isRejected) tokens.admit(key, token, sentAt, watch);
    });
  }

  private async refreshed(key: TokenKey, held: HeldToken): Promise<number> {
    try {
      await this.parts.lastErrors.record(key.id, this.refresh(key, held));
      return key.integration.policy.leaseMs / 3;
    } catch (error) {
      if (!(error instanceof TokenCacheError)) this.parts.onUnexpected(error);
      else this.parts.observers.notify('refreshFailed', key.integration.name, error.code);
      return (error instanceof TokenSourceError && error.retryAfterMs) || this.untilStoreOrAlone(held);
    }
  }

  /** How long the store is left alone, or until the token is replaced without it, if that is sooner. */
  private untilStoreOrAlone(held: HeldToken): number {
    const aloneInMs = (this.replacedAloneAt.get(held) ?? 0) - this.now();
    return aloneInMs > 0 ? Math.min(aloneInMs, BREAKER_RESET_MS) : BREAKER_RESET_MS;
  }

  /**
   * Replaces a token in its refresh window, if no other process does.
   *
   * @throws TokenSourceError, TokenStoreUnavailableError
   */
  private async refresh(key: TokenKey, held: HeldToken): Promise<void> {
    const { cooldowns, sources } = this.parts;
    const known = cooldowns.recent(key.id);
    if (known) throw errorOf(known, key.integration.name);
    // There is time until the token ends, and callers that wait go first.
    const place = sources.tryAdmission(key);
    if (place) await this.refreshIn(place, key, held).finally(place);
  }

  private async refreshIn(place: Release, key: TokenKey, held: HeldToken): Promise<void> {
    const { clock, cooldowns, tokens, mints } = this.parts;
    await this.watching(key, async (watch) => {
      const sentAt = momentOf(clock);
      const acquired = await this.ask(key, { minTtlMs: held.ends.monotonicAt - held.refreshAt }).catch(
        (error: unknown) => this.replaceAlone(key, held, place, error),
      );
      if (!acquired) return;
      if (acquired.outcome === 'hit') tokens.admit(key, acquired.token, sentAt, watch);
      if (acquired.outcome === 'cooling') {
        cooldowns.learn(key, acquired.cooldown);
        throw errorOf(acquired.cooldown, key.integration.name);
      }
      if (acquired.outcome !== 'lease' || watch.hasReleased(acquired.lease.fence)) return;
      const current = tokens.valid(key.id);
      // A caller had to mint meanwhile.
      const isReplaced = current && !isSameToken(current, held) && current.refreshAt > this.now();
      if (isReplaced) return this.shareUnlessVoid(key, current, acquired, watch);
      const { token } = acquired;
      const admission = token && tokens.admit(key, token, sentAt, watch);
      // Another process refreshed already, with a token that lives shorter than the old one's window.
      const isRefreshed = admission?.outcome === 'held' && admission.held.refreshAt > this.now();
      if (isRefreshed) await this.release(key, acquired.lease);
      else await mints.underLease(key, acquired, place).result;
    });
  }

  /**
   * While the store is silent, every process must mint a token of its own: each at a moment of its own before the old one
   * ends, so that they do not ask the source together, and their callers do not wait.
   *
   * @throws the error of the store until that moment
   */
  private async replaceAlone(key: TokenKey, held: HeldToken, place: Release, error: unknown): Promise<undefined> {
    const { policy } = key.integration;
    const isLeft = error instanceof TokenStoreUnavailableError && policy.whenStoreUnavailable === 'mint-locally';
    // A caller may have had to mint meanwhile.
    if (!isSameToken(this.parts.tokens.valid(key.id), held)) return undefined;
    if (!isLeft || this.now() < this.aloneAt(held, policy.mintTimeoutMs)) throw error;
    await this.parts.mints.withoutLease(key, 'refresh', { place }).result;
    return undefined;
  }

  private aloneAt(held: HeldToken, mintTimeoutMs: number): number {
    let at = this.replacedAloneAt.get(held);
    if (at === undefined) {
      const remainingMs = held.ends.monotonicAt - this.now();
      const spreadMs = Math.max(remainingMs - mintTimeoutMs, remainingMs * LEAST_SPREAD);
      this.replacedAloneAt.set(held, (at = this.now() + (1 - this.parts.random()) * spreadMs));
    }
    return at;
  }

  /** Gives the store a token that was minted without it, or replaces that alone while the store stays silent. */
  private async broughtIn(key: TokenKey, held: HeldToken): Promise<void> {
    try {
      await this.bringIn(key, held);
    } catch (error) {
      const place = this.now() < held.refreshAt ? undefined : this.parts.sources.tryAdmission(key);
      if (!place) throw error;
      await this.replaceAlone(key, held, place, error).finally(place);
    }
  }

  /**
   * Gives the store a token that was minted without it, unless the store has one with enough life.
   *
   * @throws TokenStoreUnavailableError
   */
  private async bringIn(key: TokenKey, held: HeldToken): Promise<void> {
    const { clock, cooldowns, tokens, publishing } = this.parts;
    if (cooldowns.recent(key.id)) return;
    await this.watching(key, async (watch) => {
      const sentAt = momentOf(clock);
      const enoughMs = enoughLifeMs(freshFrom(held), sentAt);
      const acquired = await this.ask(key, { minTtlMs: enoughMs });
      if (acquired.outcome === 'lease') return this.shareUnlessVoid(key, held, acquired, watch);
      if (acquired.outcome !== 'hit') {
        if (acquired.outcome === 'cooling') cooldowns.learn(key, acquired.cooldown);
        if (isSameToken(tokens.valid(key.id), held)) await publishing.offer(key, acquired, held, watch);
        return;
      }
      // One that lives too short, since it is being refreshed or cannot be, does not take the place of this one.
      tokens.admit(key, acquired.token, sentAt, watch);
    });
  }

  private async shareUnlessVoid(key: TokenKey, held: HeldToken, granted: Granted, watch: KeyWatch): Promise<void> {
    const { tokens, mints, publishing } = this.parts;
    const { lease } = granted;
    if (watch.hasReleased(lease.fence) || mints.adopt(key, granted)) return;
    if (isSameToken(tokens.valid(key.id), held)) await publishing.share(key, lease, held, watch);
    else await this.release(key, lease);
  }

  /**
   * Lets other processes have a lease that is not needed. A mint of this process keeps the one that it goes on under.
   *
   * @throws TokenStoreUnavailableError
   */
  async release(key: TokenKey, lease: Lease): Promise<void> {
    const { mints, store, storeEvents } = this.parts;
    if (mints.isRunning(key.id)) return;
    // From now on no other work of this process may begin under it.
    storeEvents.released(key.id, lease.fence);
    await store.fail(key, lease);
  }

  /** Asks the store, which hears first of the rejections that it missed. */
  private async ask(key: TokenKey, wanted: Wanted): Promise<Acquired> {
    await this.parts.rejections.tellStore(key);
    return this.parts.store.acquire(key, wanted);
  }

  private async watching(key: TokenKey, work: (watch: KeyWatch) => Promise<unknown>): Promise<void> {
    const watch = this.parts.storeEvents.watch(key);
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

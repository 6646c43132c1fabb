import { type TokenKey } from '../config/token-key.js';
import { type Clock } from '../contract/clock.js';
import { type HeldToken } from '../contract/held-token.js';
import { after, isOverByWallAlone, leftMs, type Moment, momentOf } from '../contract/moment.js';
import {
  TokenLifeTooShortError,
  TokenSourceError,
  TokenStoreUnavailableError,
} from '../contract/token-cache.errors.js';
import { type HitLayer } from '../contract/token-observer.js';
import { type TokenObservers } from '../contract/token-observers.js';
import { type Cooldown, type StoredToken } from '../contract/token-store.js';
import { type Demand, hopelessness, livesLongEnough, serves } from '../in-hand/demand.js';
import { type TokensInHand } from '../in-hand/tokens-in-hand.js';
import { errorOf } from '../source-client/cooldown.js';
import { type Release } from '../source-client/open-mints.js';
import { type Granted, type Refused } from '../store-client/store-client.js';
import { type StoreEvents } from '../store-client/store-events.js';
import { EndedAsleepError } from './ended-asleep-error.js';
import { type Flight } from './flights.js';
import { type Asked, type Inquiry } from './inquiry.js';
import { type KnownCooldowns } from './known-cooldowns.js';
import { type Meanwhile } from './meanwhile.js';
import { type Mints, type RunningMint } from './mints.js';
import { type Upkeep } from './upkeep.js';
import { refusedBy, type Way } from './way.js';

/** A token, and how it came. */
export interface Obtained {
  readonly held: HeldToken;
  readonly via: HitLayer | 'mint';
}

/** What one round came to: the token, or another round. */
type Round = Obtained | 'look again';

export interface AcquisitionParts {
  clock: Clock;
  tokens: TokensInHand;
  mints: Mints;
  upkeep: Upkeep;
  cooldowns: KnownCooldowns;
  inquiry: Inquiry;
  meanwhile: Meanwhile;
  storeEvents: StoreEvents;
  observers: TokenObservers;
  /** Aborted when the process gives up its mints to shut down. */
  closing: AbortSignal;
}

/**
 * The client half of the protocol: look up; on a miss take the lease; the store has looked again by then; mint only if the
 * token is still missing; commit under the fence, which releases the lease and wakes the others.
 */
export class Acquisition {
  constructor(private readonly parts: AcquisitionParts) {}

  /**
   * Gets the token, whichever process mints it.
   *
   * @param demand what not every valid token serves; one that an upstream refused is given only when no other can be had
   * @throws TokenSourceError when the source fails or failed a moment ago
   * @throws TokenStoreUnavailableError when policy forbids to go on without the store, or the process shuts down
   * @throws TokenLifeTooShortError when the source gives no token that lives for as long as the caller asks
   */
  async obtain(key: TokenKey, flight: Flight, demand: Demand = {}): Promise<Obtained> {
    const { storeEvents, closing } = this.parts;
    const way: Way = { key, watch: storeEvents.watch(key), demand };
    flight.onEmpty = () => way.watch.wake();
    try {
      for (;;) {
        const round = await this.round(way);
        if (round !== 'look again' && !way.watch.hasVoidedToken(round.held)) {
          // A caller that comes later may already have reported this token as rejected, and must not join.
          flight.close();
          return round;
        }
        if (closing.aborted) throw new TokenStoreUnavailableError('acquire', { cause: closing.reason, isClosed: true });
        if (flight.closeIfEmpty()) throw new Error('No caller waits for this token any more');
      }
    } finally {
      if (!way.isServed) way.watch.close();
      this.reportWait(way);
    }
  }

  private async round(way: Way): Promise<Round> {
    const { key, demand } = way;
    const { cooldowns, tokens } = this.parts;
    // What is in hand by now was taken in full knowledge of it; a round that makes no call would loop on it for ever.
    way.watch.forget();
    if (way.uselessGeneration === undefined) this.refuseShort(way, tokens.valid(key.id));
    const known = cooldowns.recent(key.id, demand);
    if (known) return this.coolDown(way, known);
    let asked: Asked | HeldToken;
    try {
      const asking = this.parts.inquiry.ask(way, () => !way.isServed && this.inHand(way) === undefined);
      asked = await this.parts.meanwhile.firstOf(way, asking);
    } catch (error) {
      if (error instanceof TokenSourceError) return this.inHand(way) ?? this.lastResort(way, error);
      return this.withoutStore(way, error);
    }
    if ('token' in asked) return { held: asked, via: 'waited' };
    const { acquired, sentAt, place } = asked;
    if (acquired.outcome === 'hit') return this.take(way, acquired.token, sentAt);
    this.admitRejected(way, acquired.rejected, sentAt);
    if (acquired.outcome === 'lease') return this.useLease(way, acquired, sentAt, place);
    if (acquired.outcome === 'cooling') this.learnCooldown(way, acquired.cooldown);
    const inHand = this.inHand(way);
    if (inHand) return this.offer(way, acquired, inHand);
    if (acquired.outcome === 'wait') return this.wait(way, acquired.leaseEndsInMs, sentAt);
    return this.coolDown(way, acquired.cooldown);
  }

  private learnCooldown(way: Way, cooldown: Cooldown): void {
    const { key, demand } = way;
    // Callers that were refused no token may still be given one.
    if (refusedBy(way) === undefined) this.parts.cooldowns.learn(key, cooldown);
    else if (demand.minLifeMs) this.parts.cooldowns.learn(key, cooldown, demand);
  }

  /** Takes the shared token, or sees to it that the next round finds a better one. */
  private take(way: Way, stored: StoredToken, sentAt: Moment): Round {
    const admission = this.parts.tokens.admit(way.key, stored, sentAt, way.watch);
    switch (admission.outcome) {
      case 'held':
        // Another flight of this key may wait.
        this.parts.storeEvents.wake(way.key.id);
        if (this.refuseShort(way, admission.held)) return 'look again';
        return { held: admission.held, via: way.waitedSince === undefined ? 'shared' : 'waited' };
      case 'voided':
        return 'look again';
      case 'outdated':
        return this.replaceOutdated(way, stored.fence);
      case 'unusable':
        return this.outliveUnusable(way, stored.fence);
    }
  }

  /** The store went back, as after a failover that lost writes: what is in hand is used, and replaces what the store has. */
  private replaceOutdated(way: Way, generation: number): Round {
    const inHand = this.inHand(way);
    if (inHand) {
      this.parts.upkeep.restore(way.key, inHand.held, generation);
      return inHand;
    }
    way.uselessGeneration = generation;
    return 'look again';
  }

  /**
   * An unusable token is not deleted, since processes that can read it live on it. This process lives on its own token if
   * it has one, and otherwise mints a successor, unless another process does or failed to.
   */
  private outliveUnusable(way: Way, generation: number): Round {
    const inHand = this.inHand(way);
    if (inHand) return inHand;
    way.uselessGeneration = generation;
    return 'look again';
  }

  /** Gives what is in hand to a caller that would have to wait or to hear an error, and offers it to the store, which has none. */
  private offer({ key, uselessGeneration }: Way, refused: Refused, inHand: Obtained): Obtained {
    // The stored token that is of no use here is no reason to offer another.
    if (uselessGeneration === undefined) this.parts.upkeep.offer(key, inHand.held, refused);
    return inHand;
  }

  private async wait(way: Way, leaseEndsInMs: number, sentAt: Moment): Promise<Round> {
    way.waitedSince ??= sentAt.monotonicAt;
    if (!this.parts.closing.aborted) await way.watch.wait({ askedAt: sentAt.monotonicAt, leaseEndsInMs });
    // This process may have minted one without the store meanwhile.
    return this.inHand(way) ?? 'look again';
  }

  private async coolDown(way: Way, cooldown: Cooldown): Promise<Obtained> {
    return (await this.atHand(way)) ?? this.lastResort(way, errorOf(cooldown, way.key.integration.name));
  }

  /** Shares again what the store lost, behind the callers' backs, or mints. */
  private async useLease(way: Way, granted: Granted, sentAt: Moment, place: Release | undefined): Promise<Round> {
    const { key, watch } = way;
    const { mints, upkeep } = this.parts;
    const { fence } = granted.lease;
    // The answer was overtaken: a purge voids the lease, or this process has given it up.
    const isOvertaken = watch.hasPurged(fence) || watch.hasReleased(fence);
    const inHand = this.inHand(way);
    const isRunning = mints.isRunning(key.id);
    const hopeless = isOvertaken || inHand || isRunning ? undefined : this.hopelessness(way, granted, sentAt);
    const isMintable = (place !== undefined || isRunning) && !hopeless;
    if (!isOvertaken && !inHand && isMintable) {
      return this.land(way, mints.underLease(key, granted, place ?? (() => {})), fence);
    }
    place?.();
    // Nothing is to be minted, or what was in hand when the store was asked turned out to be void: others may mint meanwhile.
    if (!isOvertaken && !inHand) await upkeep.release(key, granted.lease).catch(() => {});
    if (hopeless) throw hopeless;
    if (!inHand) return 'look again';
    if (!isOvertaken && !mints.adopt(key, granted)) upkeep.share(key, inHand.held, granted);
    return inHand;
  }

  /** Waits for a mint, but for no longer than another process can be asked. */
  private async land(way: Way, { result, leaseLost }: RunningMint, fence: number): Promise<Round> {
    const overtaken = Promise.race([leaseLost, way.watch.overtaken(fence)]).then(() => 'voided' as const);
    try {
      return await this.servedBy(way, Promise.race([result, overtaken]));
    } catch (error) {
      if (!(error instanceof TokenSourceError)) throw error;
      return this.inHand(way) ?? this.lastResort(way, error);
    }
  }

  /** Waits for a mint, but for no longer than until this process has a token that came another way. */
  private async servedBy(way: Way, mint: Promise<HeldToken | 'voided'>): Promise<Round> {
    for (;;) {
      const held = await Promise.race([mint, way.watch.woken()]).catch((error: unknown) => {
        if (error instanceof EndedAsleepError) return this.lookOnceMore(way, error);
        throw error;
      });
      if (held === 'look again') return held;
      if (held) return held === 'voided' ? 'look again' : this.minted(way, held);
      const inHand = this.inHand(way);
      if (inHand) return { ...inHand, via: 'mint' };
    }
  }

  /** Keeps the token that the store handed back because it does not serve, unless it cannot be read. */
  private admitRejected(
    { key, watch, demand: { refusedGeneration }, uselessGeneration }: Way,
    rejected: StoredToken | undefined,
    sentAt: Moment,
  ): void {
    if (!rejected || rejected.fence === uselessGeneration) return;
    // A token that the attempt did not refuse is handed back only because it is marked.
    this.parts.tokens.admitRejected(key, rejected, rejected.fence !== refusedGeneration, sentAt, watch);
  }

  /** The rejected token that is still in hand, since no other can be had; else the error. */
  private lastResort(way: Way, error: Error): Obtained {
    const held = this.parts.tokens.lastResort(way.key.id);
    if (!held || !livesLongEnough(held, way.demand, this.present())) throw error;
    return { held, via: way.waitedSince === undefined ? 'shared' : 'waited' };
  }

  /** Policy for a store that does not answer: the token in hand, else a mint of our own, else a rejected token, else an error. */
  private async withoutStore(way: Way, cause: unknown): Promise<Round> {
    const { key, demand } = way;
    const { mints, tokens } = this.parts;
    const inHand = await this.atHand(way);
    if (inHand) return inHand;
    try {
      if (key.integration.policy.whenStoreUnavailable === 'fail') throw cause;
      const reason = demand.minLifeMs && tokens.valid(key.id) ? 'refresh' : 'miss';
      return await this.servedBy(way, mints.withoutLease(key, reason, { ofNoUse: tokens.lastResort(key.id) }).result);
    } catch (error) {
      const rejected = tokens.lastResort(key.id);
      if (!rejected || !livesLongEnough(rejected, demand, this.present())) throw error;
      return { held: rejected, via: 'near' };
    }
  }

  /** The token in hand, or the one that the source has given already and that is on its way to the store. */
  private async atHand(way: Way): Promise<Obtained | undefined> {
    const inHand = this.inHand(way);
    if (inHand) return inHand;
    await this.parts.mints.committed(way.key.id);
    return this.inHand(way);
  }

  private inHand({ key, demand }: Way): Obtained | undefined {
    const held = this.parts.tokens.valid(key.id);
    return held && serves(held, demand, this.present()) ? { held, via: 'near' } : undefined;
  }

  /** @throws TokenLifeTooShortError when the token that was just minted ends too soon for the caller */
  private minted(way: Way, held: HeldToken): Round {
    const { minLifeMs = 0 } = way.demand;
    const now = this.present();
    // It was rejected while its commit was on its way.
    if (this.parts.tokens.isRejected(way.key.id, held)) return 'look again';
    if (livesLongEnough(held, way.demand, now)) return { held, via: 'mint' };
    const lifeMs = Math.max(0, Math.floor(leftMs(held.ends, now)));
    const error = new TokenLifeTooShortError(way.key.integration.name, lifeMs, minLifeMs);
    if (isOverByWallAlone(after(held.ends, -minLifeMs), now)) return this.lookOnceMore(way, error);
    throw error;
  }

  /** @throws the error when that was tried before */
  private lookOnceMore(way: Way, error: Error): 'look again' {
    if (way.hasSlept) throw error;
    way.hasSlept = true;
    return 'look again';
  }

  /**
   * From now on another token is asked for than one that ends too soon for the caller.
   *
   * @returns whether it does
   * @throws TokenLifeTooShortError when its successor would as well
   */
  private refuseShort(way: Way, held: HeldToken | undefined): boolean {
    if (!held || livesLongEnough(held, way.demand, this.present())) return false;
    const hopeless = hopelessness(held, way.demand);
    if (hopeless) throw hopeless;
    way.uselessGeneration = held.token.generation;
    return true;
  }

  /** Whether what is minted under this lease would end too soon for the caller, going by the token that the store has. */
  private hopelessness({ key, demand, watch }: Way, { token }: Granted, sentAt: Moment): Error | undefined {
    const inHand = this.parts.tokens.valid(key.id);
    // It would give way to one that may end sooner.
    if (inHand && inHand.sharing.state !== 'shared') return undefined;
    const admission = token && this.parts.tokens.admit(key, token, sentAt, watch);
    return admission?.outcome === 'held' ? hopelessness(admission.held, demand) : undefined;
  }

  private reportWait({ key, waitedSince }: Way): void {
    if (waitedSince === undefined) return;
    this.parts.observers.notify('waited', key.integration.name, this.now() - waitedSince);
  }

  private present(): Moment {
    return momentOf(this.parts.clock);
  }

  private now(): number {
    return this.parts.clock.monotonic();
  }
}

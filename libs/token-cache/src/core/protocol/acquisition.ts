import { type TokenKey } from '../config/token-key.js';
import { type Clock } from '../contract/clock.js';
import { fenceOf, type HeldToken, isRefused } from '../contract/held-token.js';
import { TokenSourceError, TokenStoreUnavailableError } from '../contract/token-cache.errors.js';
import { type HitLayer } from '../contract/token-observer.js';
import { type TokenObservers } from '../contract/token-observers.js';
import { type Acquired, type StoredToken } from '../contract/token-store.js';
import { type TokensInHand } from '../in-hand/tokens-in-hand.js';
import { errorOf } from '../source-client/cooldown.js';
import { type KeyWatch } from '../store-client/key-watch.js';
import { type Granted, type KeyAttempt, type StoreClient } from '../store-client/store-client.js';
import { type StoreEvents } from '../store-client/store-events.js';
import { type Flight } from './flights.js';
import { type LeasedMint } from './leased-mint.js';
import { type LocalMint } from './local-mint.js';
import { type Rejections } from './rejections.js';

/** A token, and how it came. */
export interface Obtained {
  readonly held: HeldToken;
  readonly via: HitLayer | 'mint';
}

/** What one round came to: the token, or another round. */
type Round = Obtained | 'look again';

/** One caller's way through the protocol, round by round. */
interface Way {
  readonly key: TokenKey;
  readonly attempt: KeyAttempt;
  readonly watch: KeyWatch;
  /** The generation that the caller was refused with, and wants replaced. */
  readonly refusedGeneration: number | undefined;
  /** The generation of a shared token that turned out to be of no use: the next round asks for another. */
  uselessGeneration?: number;
  waitedSince?: number;
}

export interface AcquisitionParts {
  clock: Clock;
  store: StoreClient;
  tokens: TokensInHand;
  leasedMint: LeasedMint;
  localMint: LocalMint;
  rejections: Rejections;
  storeEvents: StoreEvents;
  observers: TokenObservers;
  /** Aborted when the process gives up its mints to shut down. */
  closing: AbortSignal;
}

/** How often a token that another process is replacing is looked at again. */
const LOOK_AGAIN_MS = 250;

/**
 * The client half of the protocol: look up; on a miss take the lease; the store has looked again by then; mint only if the
 * token is still missing; commit under the fence, which releases the lease and wakes the others.
 */
export class Acquisition {
  constructor(private readonly parts: AcquisitionParts) {}

  /**
   * Gets the token, whichever process mints it.
   *
   * @param refusedGeneration of a token that an upstream refused; it is given only when no other can be had
   * @throws TokenSourceError when the source fails or failed a moment ago
   * @throws TokenStoreUnavailableError when policy forbids to go on without the store, or the process shuts down
   */
  async obtain(key: TokenKey, flight: Flight, refusedGeneration?: number): Promise<Obtained> {
    const { store, storeEvents, closing } = this.parts;
    const way: Way = { key, attempt: store.attempt(key), watch: storeEvents.watch(key.id), refusedGeneration };
    flight.onEmpty = () => way.watch.wake();
    try {
      for (;;) {
        const round = await this.round(way);
        if (round !== 'look again' && !way.watch.hasVoided(fenceOf(round.held))) {
          // A caller that comes later may already have reported this token as rejected, and must not join.
          flight.close();
          return round;
        }
        if (closing.aborted) throw new TokenStoreUnavailableError('acquire', { cause: closing.reason });
        if (flight.closeIfEmpty()) throw new Error('No caller waits for this token any more');
      }
    } finally {
      way.watch.close();
      this.reportWait(way);
    }
  }

  private async round(way: Way): Promise<Round> {
    const { key, attempt, watch } = way;
    watch.forgetVoided();
    const sentAt = this.now();
    let acquired: Acquired;
    try {
      await this.parts.rejections.tellStore(key);
      const refusedGeneration = way.uselessGeneration ?? way.refusedGeneration;
      acquired = await attempt.acquire({ refusedGeneration });
    } catch (error) {
      return this.withoutStore(way, error);
    }
    if (acquired.outcome === 'hit') return this.take(way, acquired.token, sentAt);
    if (acquired.outcome === 'lease') return this.useLease(way, acquired, sentAt);
    const newer = this.newerInHand(way, acquired.rejected);
    if (newer) return newer;
    this.admitRejected(way, acquired.rejected, sentAt);
    switch (acquired.outcome) {
      case 'wait':
        way.waitedSince ??= sentAt;
        way.uselessGeneration = undefined;
        await watch.wait(acquired.leaseEndsInMs);
        return 'look again';
      case 'cooling':
        return this.lastResort(way, acquired.rejected, errorOf(acquired.cooldown, key.integration.name));
    }
  }

  /** Takes the shared token, or sees to it that the next round finds a better one. */
  private take(way: Way, stored: StoredToken, sentAt: number): Round | Promise<Round> {
    const admission = this.parts.tokens.admit(way.key, stored, sentAt, way.watch);
    switch (admission.outcome) {
      case 'held':
        return { held: admission.held, via: way.waitedSince === undefined ? 'shared' : 'waited' };
      case 'voided':
        return 'look again';
      case 'outdated':
        return this.replaceOutdated(way, stored.fence);
      case 'unreadable':
        return this.outliveUnreadable(way, stored.fence);
    }
  }

  /** The store went back, as after a failover that lost writes: asks for the right to share what is in hand, and uses it either way. */
  private replaceOutdated(way: Way, generation: number): Round {
    if (way.uselessGeneration !== generation) {
      way.uselessGeneration = generation;
      return 'look again';
    }
    way.uselessGeneration = undefined;
    return this.inHand(way) ?? 'look again';
  }

  /**
   * An unreadable token is not deleted, since processes that can read it live on it. This process lives on its own token if
   * it has one, and otherwise mints a successor, unless another process does or failed to.
   */
  private async outliveUnreadable(way: Way, generation: number): Promise<Round> {
    const inHand = this.inHand(way);
    if (inHand) return inHand;
    if (way.uselessGeneration !== generation) {
      way.uselessGeneration = generation;
      return 'look again';
    }
    const peeked = await this.parts.store.peek(way.key).catch(() => undefined);
    if (peeked?.cooldown) throw errorOf(peeked.cooldown, way.key.integration.name);
    await way.watch.wait(LOOK_AGAIN_MS);
    way.uselessGeneration = undefined;
    return 'look again';
  }

  /** Shares again what the store lost, or mints. */
  private async useLease(way: Way, granted: Granted, sentAt: number): Promise<Round> {
    const { key, watch } = way;
    const { leasedMint } = this.parts;
    this.admitRejected(way, granted.rejected, sentAt);
    const lost = this.lostByTheStore(way, granted);
    if (lost) {
      const held = await leasedMint.publish(key, granted.lease, lost, watch);
      return held !== 'voided' && held.endsAt > this.now() ? { held, via: 'near' } : 'look again';
    }
    try {
      return asRound(await leasedMint.mint(key, granted, watch));
    } catch (error) {
      if (!(error instanceof TokenSourceError)) throw error;
      return this.lastResort(way, granted.rejected, error);
    }
  }

  /**
   * The token in hand that the store should have: the last to be published, which was not rejected, or one that was
   * published after what the store takes for the last.
   */
  private lostByTheStore({ key, refusedGeneration }: Way, { reason, published }: Granted): HeldToken | undefined {
    const now = this.now();
    const held = this.parts.tokens.valid(key.id, now);
    if (!held || held.refreshAt <= now || isRefused(held, refusedGeneration)) return undefined;
    const { token, sharing } = held;
    if (published !== undefined && published < token.generation && sharing.state === 'shared') return held;
    const isLast = published === undefined || published === token.generation;
    return reason === 'miss' && isLast ? held : undefined;
  }

  /** Keeps the token that the store handed back because it does not serve, unless it cannot be read; else lets go of it. */
  private admitRejected(
    { key, watch, refusedGeneration, uselessGeneration }: Way,
    rejected: StoredToken | undefined,
    sentAt: number,
  ): void {
    if (!rejected) return this.parts.tokens.dropRejected(key.id, sentAt);
    if (rejected.fence === uselessGeneration) return;
    // A token that the attempt did not refuse is handed back only because it is marked.
    this.parts.tokens.admitRejected(key, rejected, rejected.fence !== refusedGeneration, sentAt, watch);
  }

  /** The token in hand, if it is newer than the stored one; a purge since then would have deleted the stored one. */
  private newerInHand(way: Way, stored: StoredToken | undefined): Obtained | undefined {
    const inHand = this.inHand(way);
    return stored && inHand && inHand.held.token.generation > stored.fence ? inHand : undefined;
  }

  /** The rejected token that the store handed back, when no other can be had; else the error. */
  private lastResort(way: Way, rejected: StoredToken | undefined, error: Error): Obtained {
    const held = this.parts.tokens.lastResort(way.key.id, this.now());
    if (!held || held.token.generation !== rejected?.fence) throw error;
    return { held, via: way.waitedSince === undefined ? 'shared' : 'waited' };
  }

  /** Policy for a store that does not answer: the token in hand, else a mint of our own, else a rejected token, else an error. */
  private async withoutStore(way: Way, cause: unknown): Promise<Round> {
    const { key, watch } = way;
    const inHand = this.inHand(way);
    if (inHand) return inHand;
    try {
      if (key.integration.policy.whenStoreUnavailable === 'fail') throw cause;
      return asRound(await this.parts.localMint.mint(key, watch));
    } catch (error) {
      const rejected = this.parts.tokens.lastResort(key.id, this.now());
      if (!rejected) throw error;
      return { held: rejected, via: 'near' };
    }
  }

  private inHand({ key, refusedGeneration }: Way): Obtained | undefined {
    const held = this.parts.tokens.valid(key.id, this.now());
    return held && !isRefused(held, refusedGeneration) ? { held, via: 'near' } : undefined;
  }

  private reportWait({ key, waitedSince }: Way): void {
    if (waitedSince === undefined) return;
    this.parts.observers.notify('waited', key.integration.name, this.now() - waitedSince);
  }

  private now(): number {
    return this.parts.clock.monotonic();
  }
}

function asRound(held: HeldToken | 'voided'): Round {
  return held === 'voided' ? 'look again' : { held, via: 'mint' };
}

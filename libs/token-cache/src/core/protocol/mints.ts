import { type TokenKey } from '../config/token-key.js';
import { type Clock } from '../contract/clock.js';
import { type HeldToken } from '../contract/held-token.js';
import { isOver, isOverByWallAlone, momentOf } from '../contract/moment.js';
import { TokenResponseInvalidError, type TokenSourceError } from '../contract/token-cache.errors.js';
import { type FormerToken, type FreshToken } from '../contract/token-content.js';
import { type TokenObservers } from '../contract/token-observers.js';
import { type Cooldown, type Lease, type MintReason } from '../contract/token-store.js';
import { type TokensInHand } from '../in-hand/tokens-in-hand.js';
import { cooldownMs, cooledDown, errorOf, rememberedFailure } from '../source-client/cooldown.js';
import { type FailureMemory } from '../source-client/failure-memory.js';
import { type Release } from '../source-client/open-mints.js';
import { type SourceClient } from '../source-client/source-client.js';
import { type KeyWatch } from '../store-client/key-watch.js';
import { type Granted, type StoreClient } from '../store-client/store-client.js';
import { type StoreEvents } from '../store-client/store-events.js';
import { EndedAsleepError } from './ended-asleep-error.js';
import { type KnownCooldowns } from './known-cooldowns.js';
import { keepRenewing } from './lease-renewal.js';
import { type Minted, type Minting } from './minting.js';
import { type Publishing } from './publishing.js';
import { type Retries } from './retries.js';

export interface MintsParts {
  clock: Clock;
  random: () => number;
  store: StoreClient;
  storeEvents: StoreEvents;
  tokens: TokensInHand;
  failures: FailureMemory;
  sources: SourceClient;
  cooldowns: KnownCooldowns;
  minting: Minting;
  publishing: Publishing;
  retries: Retries;
  observers: TokenObservers;
  /** Gives the store a token whose lease was lost to a process that shares none yet. */
  bringIn(key: TokenKey, held: HeldToken): void;
  /** Aborted when the process gives up its mints to shut down. */
  closing: AbortSignal;
}

/** A mint of this process that is under way. */
export interface RunningMint {
  /** The token, or `voided` when it was purged or rejected meanwhile, or another process mints instead. */
  readonly result: Promise<HeldToken | 'voided'>;
  /** Resolves when the store says that the lease is lost; never otherwise. */
  readonly leaseLost: Promise<void>;
}

/** The right by which a token is minted; it may come to hold another lease while the source is asked. */
interface Right {
  /** What counts as the fence of the mint: that of its first lease, whichever it is committed under. */
  readonly fence: number;
  readonly reason: MintReason;
  /** The token in hand that did not serve: its successor is kept although it may end earlier, or the next call would mint again. */
  readonly ofNoUse?: HeldToken | undefined;
  granted?: Granted;
  /** Whether the store has said that this lease is lost; a store whose clock was set back may grant it again. */
  isLost?: boolean;
  /** Whether the source has answered, so that only the store is waited for. */
  isAnswered?: boolean;
  leaseLost: Promise<void>;
  stopRenewing(): void;
}

interface Running {
  readonly right: Right;
  readonly result: Promise<HeldToken | 'voided'>;
}

/**
 * The mints of this process: at most one at a time for a key, whatever calls for it. A mint that has lost its lease, or
 * began without one, goes on under the lease that the process is granted next.
 */
export class Mints {
  private readonly running = new Map<string, Running>();
  private readonly unsettled = new Set<Promise<unknown>>();

  constructor(private readonly parts: MintsParts) {}

  /** Whether a token for that key is being minted here. */
  isRunning(keyId: string): boolean {
    return this.running.has(keyId);
  }

  /** Resolves once a token that the source has given already is in hand; at once if there is none. */
  async committed(keyId: string): Promise<void> {
    const current = this.running.get(keyId);
    if (current?.right.isAnswered) await current.result.catch(() => {});
  }

  /**
   * Mints under a lease, or goes on with a mint that nothing has voided since it began.
   *
   * @param place among the open requests of the provider, which is given back
   */
  underLease(key: TokenKey, granted: Granted, place: Release): RunningMint {
    const current = this.running.get(key.id);
    if (current && this.adopt(key, granted)) {
      place();
      return asRunning(current);
    }
    const right: Right = { fence: granted.lease.fence, reason: granted.reason, ...withoutLease() };
    this.hold(key, right, granted);
    return this.begin(key, right, place);
  }

  /** Goes on under that lease with a mint that nothing has voided since it began; false when there is none. */
  adopt(key: TokenKey, granted: Granted): boolean {
    const current = this.running.get(key.id);
    if (!current || current.right.fence <= granted.voidedUpTo) return false;
    const isHeld = current.right.granted?.lease.fence === granted.lease.fence && !current.right.isLost;
    if (!isHeld) this.hold(key, current.right, granted);
    return true;
  }

  /**
   * Mints for this process alone, while the store does not answer.
   *
   * @param given the token in hand that does not serve, and a place among the open requests, which is given back
   */
  withoutLease(
    key: TokenKey,
    reason: MintReason,
    { ofNoUse, place }: { ofNoUse?: HeldToken | undefined; place?: Release } = {},
  ): RunningMint {
    const current = this.running.get(key.id);
    if (current) return asRunning(current);
    const fence = this.parts.store.fenceWithoutLease(key);
    return this.begin(key, { fence, reason, ofNoUse, ...withoutLease() }, place);
  }

  /** Resolves when no mint is under way. */
  async settled(): Promise<void> {
    while (this.unsettled.size > 0) await Promise.allSettled(this.unsettled);
  }

  private begin(key: TokenKey, right: Right, place?: Release): RunningMint {
    const mint: Running = { right, result: this.run(key, right, place) };
    this.running.set(key.id, mint);
    const settled = mint.result
      .catch(() => {})
      .finally(() => {
        this.unsettled.delete(settled);
        if (this.running.get(key.id) === mint) this.running.delete(key.id);
      });
    this.unsettled.add(settled);
    return asRunning(mint);
  }

  private hold(key: TokenKey, right: Right, granted: Granted): void {
    right.stopRenewing();
    right.granted = granted;
    right.isLost = false;
    right.leaseLost = new Promise((resolve) => {
      right.stopRenewing = keepRenewing(this.parts, key, granted.lease, () => {
        this.parts.observers.notify('leaseLost', key.integration.name);
        right.isLost = true;
        resolve();
      });
    });
  }

  private async run(key: TokenKey, right: Right, place?: Release): Promise<HeldToken | 'voided'> {
    const { clock, minting, sources, store, storeEvents, tokens } = this.parts;
    // Its own, since the flights that wait for this mint may end before it does.
    const watch = storeEvents.watch(key);
    let giveBack = place;
    try {
      giveBack ??= await sources.admission(key);
      const failure = this.cooling(key, right);
      if (failure) {
        // It would be told that the lease is lost, which it gives back.
        right.stopRenewing();
        if (right.granted) await store.fail(key, right.granted.lease, failure).catch(() => {});
        throw errorOf(failure, key.integration.name);
      }
      const former = formerOf(tokens.last(key.id));
      const minted = await minting.run(key, watch, {
        fence: right.fence,
        isLeased: right.granted !== undefined,
        reason: right.reason,
        former,
        isOvertaken: () => {
          const held = tokens.valid(key.id);
          return held !== undefined && held.token.accessToken !== former?.accessToken;
        },
        // A renewal that ends later says nothing of the lease, which the commit or the failure releases.
        answered: () => {
          right.isAnswered = true;
          right.stopRenewing();
        },
        keep: (fresh) => this.keep(key, right, fresh, watch),
        remember: (error) => this.remember(key, right, error),
      });
      if (minted === 'voided') return minted;
      const { ends } = minted.held;
      const now = momentOf(clock);
      if (!isOver(ends, now)) return minted.held;
      // A commit that got no answer may have left the lease behind, for which every process would wait.
      if (right.granted) await store.fail(key, right.granted.lease).catch(() => {});
      const EndedError = isOverByWallAlone(ends, now) ? EndedAsleepError : TokenResponseInvalidError;
      throw new EndedError(
        `A token for "${key.integration.name}" ended before it could be shared: its life is too short for the store's delay. ` +
          'The next call mints again; if it recurs, have the source give tokens a longer life',
      );
    } finally {
      giveBack?.();
      right.stopRenewing();
      watch.close();
    }
  }

  /** The failure for which the source is left alone; without a lease also one that the store told of last. */
  private cooling(key: TokenKey, { granted }: Right): Cooldown | undefined {
    const { cooldowns, failures, sources, tokens } = this.parts;
    const known = failures.recent(key) ?? sources.cooling(key);
    return known ?? (granted ? undefined : cooldowns.last(key.id, tokens.last(key.id)?.obtainedAt));
  }

  private async keep(key: TokenKey, right: Right, fresh: FreshToken, watch: KeyWatch): Promise<Minted> {
    const { publishing } = this.parts;
    /** Since a commit under a lease that was lost. */
    let inHand: HeldToken | undefined;
    for (;;) {
      const { granted } = right;
      if (!granted) return this.keepUnshared(key, right, fresh, watch);
      const { lease } = granted;
      if (publishing.isSpent(key.id, lease, fresh.content.accessToken)) {
        return this.keepApart(key, right, lease, fresh, watch, inHand);
      }
      const minted: Minted = inHand
        ? await publishing.commitInHand(key, lease, inHand, watch)
        : await publishing.commit(key, lease, fresh, watch);
      if (minted === 'voided' || minted.outcome !== 'local') return minted;
      inHand = minted.held;
      if (right.granted !== granted) continue;
      if (inHand.sharing.state === 'unanswered') publishing.shareAgain(key, inHand);
      else this.parts.bringIn(key, inHand);
      return minted;
    }
  }

  private keepUnshared(key: TokenKey, right: Right, fresh: FreshToken, watch: KeyWatch, inHand?: HeldToken): Minted {
    // A caller that comes later may have heard of a purge that this mint did not.
    if (this.running.get(key.id)?.right === right) this.running.delete(key.id);
    if (watch.hasPurged(right.fence)) return 'voided';
    const { clock, tokens } = this.parts;
    if (right.ofNoUse) tokens.drop(key.id, right.ofNoUse);
    const now = momentOf(clock);
    const held = inHand
      ? tokens.keepShared(key, inHand, right.fence, now, { state: 'unshared' })
      : tokens.keep(key, fresh, right.fence, now, { state: 'unshared' });
    return { held, outcome: 'local' };
  }

  /** The lease was used for another token of this process: it is given up, and this token brought in under the next one. */
  private async keepApart(
    key: TokenKey,
    right: Right,
    lease: Lease,
    fresh: FreshToken,
    watch: KeyWatch,
    inHand: HeldToken | undefined,
  ): Promise<Minted> {
    await this.parts.publishing.giveUp(key, lease);
    const fence = this.parts.store.fenceWithoutLease(key);
    const minted = this.keepUnshared(key, { ...right, fence }, fresh, watch, inHand);
    if (minted !== 'voided') this.parts.bringIn(key, minted.held);
    return minted;
  }

  /** Releases the lease and lets the fleet know of the failure; this process alone, if the store cannot be told. */
  private async remember(key: TokenKey, right: Right, error: TokenSourceError): Promise<TokenSourceError | 'voided'> {
    const { closing, cooldowns, failures, random, store, storeEvents } = this.parts;
    const { granted } = right;
    if (!granted) return failures.remember(key, error);
    const { lease } = granted;
    const remainingMs = cooldownMs(error, granted.failures, key.integration.policy.cooldown, random);
    // The source has no part in a failure that comes of shutting down.
    const failure = closing.aborted ? undefined : rememberedFailure(error, remainingMs, store.process);
    try {
      const isOurs = await store.fail(key, lease, failure);
      storeEvents.released(key.id, lease.fence);
      // Another process mints, or has minted already; if the store has only lost the lease, the source is left alone all the same.
      if (!isOurs && failure) failures.keep(key, failure);
      if (!isOurs) return 'voided';
      if (failure) cooldowns.begin(key, failure, lease.fence);
      if (failure?.process) failures.keep(key, failure);
      return cooledDown(error, remainingMs);
    } catch {
      this.failAgain(key, lease, failure);
      return failures.remember(key, error);
    }
  }

  /** Tells of a failure again while its lease may be live, for which the other processes wait. */
  private failAgain(key: TokenKey, lease: Lease, failure: Cooldown | undefined): void {
    const { clock, retries, store } = this.parts;
    const failed = this.running.get(key.id);
    retries.begin(clock.monotonic() + lease.leaseMs, async () => {
      const current = this.running.get(key.id);
      // The process, being one holder, may mint under the same lease again.
      if (current && current !== failed) return true;
      return store.fail(key, lease, failure).then(
        () => true,
        () => false,
      );
    });
  }
}

function withoutLease(): Pick<Right, 'leaseLost' | 'stopRenewing'> {
  return { leaseLost: new Promise(() => {}), stopRenewing: () => {} };
}

function formerOf(held: HeldToken | undefined): FormerToken | undefined {
  return held && { accessToken: held.token.accessToken, ends: held.ends };
}

function asRunning({ result, right }: Running): RunningMint {
  return { result, leaseLost: right.leaseLost };
}

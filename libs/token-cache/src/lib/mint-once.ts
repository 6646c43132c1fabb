import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type Clock } from './clock.js';
import { cooldownMs, cooledDown, errorOf, rememberedFailure } from './cooldown.js';
import { type FailureMemory } from './failure-memory.js';
import { type Flight } from './flights.js';
import { type KeyedStore } from './keyed-store.js';
import { type FreshToken, type Minter, SHUTTING_DOWN } from './minter.js';
import { freshFrom, type HeldToken, type NearCache } from './near-cache.js';
import { type PayloadCodec } from './payload-codec.js';
import { TokenResponseInvalidError, TokenSourceError, TokenStoreUnavailableError } from './token-cache.errors.js';
import { type TokenKey } from './token-key.js';
import { type HitLayer, type MintOutcome } from './token-observer.js';
import { type TokenObservers } from './token-observers.js';
import { isUsable, type TokenShelf } from './token-shelf.js';
import { type Acquired, type Committed, type Lease, type MintReason, type StoredToken } from './token-store.js';
import { type WakeUps, type Watch } from './wake-ups.js';

export interface Obtained {
  held: HeldToken;
  via: HitLayer | 'mint';
}

/** A lease, and what the store said with it. */
export type Granted = Extract<Acquired, { outcome: 'lease' }>;

interface Published {
  held: HeldToken;
  outcome: Exclude<MintOutcome, 'failed'>;
}

/** One caller's way through the protocol. */
interface Attempts {
  readonly nonce: string;
  readonly watch: Watch;
  /** 0, unless the shared token is of no use to us. */
  needMs: number;
  waitedSince?: number;
}

export interface MintOnceParts {
  clock: Clock;
  random: () => number;
  codec: PayloadCodec;
  store: KeyedStore;
  near: NearCache;
  shelf: TokenShelf;
  failures: FailureMemory;
  wakeUps: WakeUps;
  minter: Minter;
  observers: TokenObservers;
}

/** An unreadable token is replaced however long it lives. */
const ANY_LIFE_MS = Number.MAX_SAFE_INTEGER;
/** How often a token that another process is replacing is looked at again. */
const LOOK_AGAIN_MS = 250;
const REMEMBERED_NONCES = 10_000;

/**
 * The client half of the protocol: look up; on a miss take the lease; the store has looked again by then; mint only if the
 * token is still missing; commit under the fence, which releases the lease and wakes the others.
 */
export class MintOnce {
  isClosing = false;
  private readonly unanswered = new LRUCache<string, string>({ max: REMEMBERED_NONCES });

  constructor(private readonly parts: MintOnceParts) {}

  /**
   * Gets the token, whoever mints it.
   *
   * @throws TokenSourceError when the source fails or failed a moment ago
   * @throws TokenStoreUnavailableError when policy forbids to go on without the store
   */
  async obtain(key: TokenKey, flight: Flight): Promise<Obtained> {
    const attempts: Attempts = { nonce: this.nonceFor(key), watch: this.parts.wakeUps.watch(key.id), needMs: 0 };
    flight.onEmpty = () => attempts.watch.wake();
    try {
      for (;;) {
        const obtained = await this.attempt(key, attempts);
        if (obtained) return obtained;
        if (this.isClosing) throw new TokenStoreUnavailableError('acquire', { cause: SHUTTING_DOWN });
        if (flight.closeIfEmpty()) throw new Error('nobody waits for this token any more');
      }
    } finally {
      attempts.watch.close();
      this.reportWait(key, attempts);
    }
  }

  /**
   * Mints under a lease and commits, or passes on a failure that the store could not be told; nothing when the token was
   * voided meanwhile.
   *
   * @throws TokenSourceError
   */
  async mintUnder(key: TokenKey, granted: Granted, watch: Watch): Promise<Obtained | undefined> {
    const failure = this.parts.failures.recent(key);
    if (failure) {
      await this.parts.store.fail(key, granted.lease, failure).catch(() => {});
      throw errorOf(failure, key.integration.name);
    }
    const published = await this.mintAndPublish(key, granted, watch);
    if (!published) return undefined;
    if (published.held.endsAt > this.now()) return { held: published.held, via: 'mint' };
    throw new TokenResponseInvalidError(`A token for "${key.integration.name}" ended before it could be shared`);
  }

  /** Commits a token under its fence; gives what the fleet now shares, or nothing when that is no token. */
  async publish(key: TokenKey, lease: Lease, fresh: FreshToken, watch: Watch): Promise<Published | undefined> {
    const { codec, store, near, shelf, observers } = this.parts;
    const sentAt = this.now();
    const payload = codec.encode(key.id, lease.fence, fresh.content);
    const isRejected = (): boolean => near.isRejected(fresh.content.accessToken);
    let committed: Committed;
    try {
      committed = await store.commit(key, lease, payload, Math.max(1, Math.floor(fresh.endsAt - sentAt)));
    } catch (error) {
      if (!(error instanceof TokenStoreUnavailableError)) throw error;
      if (watch.purged || isRejected()) return undefined;
      return { held: shelf.keep(key, fresh, lease.fence, sentAt, { lease }), outcome: 'local' };
    }
    if (committed.outcome === 'superseded') {
      observers.notify('superseded', key.integration.name);
      const adopted = committed.token && shelf.adopt(key, committed.token, sentAt, watch);
      return isUsable(adopted) ? { held: adopted, outcome: 'superseded' } : undefined;
    }
    if (isRejected() || lease.fence <= watch.voidedUpTo) return undefined;
    return { held: shelf.keep(key, fresh, lease.fence, sentAt), outcome: 'stored' };
  }

  /** That of an attempt without an answer, if there was one: the store may have granted it a lease. */
  nonceFor({ id }: TokenKey): string {
    const nonce = this.unanswered.get(id) ?? randomUUID();
    this.unanswered.delete(id);
    return nonce;
  }

  /** One round: the token, or nothing when it is time to look again. */
  private async attempt(key: TokenKey, attempts: Attempts): Promise<Obtained | undefined> {
    const { watch, nonce, needMs } = attempts;
    watch.forgetVoided();
    const sentAt = this.now();
    let acquired: Acquired;
    try {
      acquired = await this.parts.store.acquire(key, nonce, needMs);
    } catch (error) {
      this.unanswered.set(key.id, nonce);
      return this.withoutStore(key, error, watch);
    }
    switch (acquired.outcome) {
      case 'hit':
        return this.take(key, acquired.token, sentAt, attempts);
      case 'wait':
        attempts.waitedSince ??= sentAt;
        return void (await watch.wait(acquired.leaseEndsInMs));
      case 'cooling':
        throw errorOf(acquired.cooldown, key.integration.name);
      case 'lease':
        return this.useLease(key, acquired, watch);
    }
  }

  /** Takes the shared token, or sees to it that the next round finds a better one. */
  private async take(
    key: TokenKey,
    stored: StoredToken,
    sentAt: number,
    attempts: Attempts,
  ): Promise<Obtained | undefined> {
    const adopted = this.parts.shelf.adopt(key, stored, sentAt, attempts.watch);
    switch (adopted) {
      case 'voided':
        return undefined;
      case 'rejected':
        return this.invalidateAgain(key, stored.fence, attempts.watch);
      case 'outdated':
        return this.replaceOutdated(key, attempts);
      case 'unreadable':
        return this.outliveUnreadable(key, attempts);
      default:
        return { held: adopted, via: attempts.waitedSince === undefined ? 'shared' : 'waited' };
    }
  }

  /** The store still has a token that was rejected: it was not told, or somebody published it again. */
  private async invalidateAgain(key: TokenKey, generation: number, watch: Watch): Promise<Obtained | undefined> {
    try {
      await this.parts.store.invalidate(key, key.id, generation);
      return undefined;
    } catch (error) {
      return this.withoutStore(key, error, watch);
    }
  }

  /** The store went back, as after a failover that lost writes: asks for the right to share what we hold, and uses it either way. */
  private replaceOutdated(key: TokenKey, attempts: Attempts): Obtained | undefined {
    if (attempts.needMs === 0) {
      attempts.needMs = ANY_LIFE_MS;
      return undefined;
    }
    attempts.needMs = 0;
    const inHand = this.parts.near.valid(key.id, this.now());
    return inHand && { held: inHand, via: 'near' };
  }

  /**
   * A token that we cannot read is not deleted, since a process that can may live on it: we live on our own if we have one,
   * and otherwise mint a successor, unless another process does or failed to.
   */
  private async outliveUnreadable(key: TokenKey, attempts: Attempts): Promise<Obtained | undefined> {
    const inHand = this.parts.near.valid(key.id, this.now());
    if (inHand) return { held: inHand, via: 'near' };
    if (attempts.needMs === 0) {
      attempts.needMs = ANY_LIFE_MS;
      return undefined;
    }
    const peeked = await this.parts.store.peek(key).catch(() => undefined);
    if (peeked?.cooldown) throw errorOf(peeked.cooldown, key.integration.name);
    await attempts.watch.wait(LOOK_AGAIN_MS);
    attempts.needMs = 0;
    return undefined;
  }

  /** Shares again what the store lost, or mints. */
  private async useLease(key: TokenKey, granted: Granted, watch: Watch): Promise<Obtained | undefined> {
    const lost = this.lostByTheStore(key, granted);
    if (!lost) return this.mintUnder(key, granted, watch);
    const published = await this.publish(key, granted.lease, freshFrom(lost), watch);
    const isStillValid = published !== undefined && published.held.endsAt > this.now();
    return isStillValid ? { held: published.held, via: 'near' } : undefined;
  }

  /**
   * The token that we hold and the store should: the last to be published, which nobody invalidated, or one that was
   * published after what the store takes for the last.
   */
  private lostByTheStore(key: TokenKey, { reason, published }: Granted): HeldToken | undefined {
    const now = this.now();
    const inHand = this.parts.near.valid(key.id, now);
    if (!inHand || inHand.refreshAt <= now) return undefined;
    const { token, unshared } = inHand;
    if (published !== undefined && published < token.generation && !unshared) return inHand;
    const isLast = published === undefined || published === token.generation;
    return reason === 'miss' && isLast ? inHand : undefined;
  }

  /** Policy for a store that does not answer: what is in hand, else an error, else a mint of our own. */
  private async withoutStore(key: TokenKey, cause: unknown, watch: Watch): Promise<Obtained | undefined> {
    const { near, failures, minter, shelf, clock } = this.parts;
    const inHand = near.valid(key.id, this.now());
    if (inHand) return { held: inHand, via: 'near' };
    if (key.integration.policy.whenStoreUnavailable === 'fail') throw cause;
    const failure = failures.recent(key);
    if (failure) throw errorOf(failure, key.integration.name);
    const startedAt = this.now();
    try {
      const fresh = await minter.mint(key, 0);
      near.accept(fresh.content.accessToken);
      failures.forget(key.id);
      this.reportMint(key, 'local', 'miss', startedAt);
      return watch.purged
        ? undefined
        : { held: shelf.keep(key, fresh, clock.now() * 1_000, startedAt, {}), via: 'mint' };
    } catch (error) {
      if (!(error instanceof TokenSourceError)) throw error;
      this.reportMint(key, watch.purged ? 'superseded' : 'failed', 'miss', startedAt);
      if (watch.purged) return undefined;
      throw failures.remember(key, error);
    }
  }

  private async mintAndPublish(key: TokenKey, granted: Granted, watch: Watch): Promise<Published | undefined> {
    const { lease, reason, failures } = granted;
    const startedAt = this.now();
    const stopRenewing = this.keepRenewing(key, lease);
    try {
      // What becomes of a renewal after this says nothing of the lease: the commit or the failure releases it.
      const fresh = await this.parts.minter.mint(key, lease.fence).finally(stopRenewing);
      this.parts.near.accept(fresh.content.accessToken);
      this.parts.failures.forget(key.id);
      const published = await this.publish(key, lease, fresh, watch);
      this.reportMint(key, published?.outcome ?? 'superseded', reason, startedAt);
      return published;
    } catch (error) {
      if (!(error instanceof TokenSourceError)) throw error;
      this.reportMint(key, watch.purged ? 'superseded' : 'failed', reason, startedAt);
      if (watch.purged) return undefined;
      throw await this.fail(key, lease, failures, error);
    }
  }

  /** Releases the lease and lets the whole fleet know; this process alone, if the store cannot be told. */
  private async fail(
    key: TokenKey,
    lease: Lease,
    failures: number,
    error: TokenSourceError,
  ): Promise<TokenSourceError> {
    const remainingMs = cooldownMs(error, failures, key.integration.policy.cooldown, this.parts.random);
    const isOurFault = error.cause === SHUTTING_DOWN;
    try {
      await this.parts.store.fail(key, lease, isOurFault ? undefined : rememberedFailure(error, remainingMs));
      return cooledDown(error, remainingMs);
    } catch {
      return this.parts.failures.remember(key, error);
    }
  }

  /** Renewal may fail: the commit is fenced. */
  private keepRenewing(key: TokenKey, lease: Lease): () => void {
    const { store, clock, observers } = this.parts;
    let cancel = (): void => {};
    let stopped = false;
    const renew = async (): Promise<void> => {
      const isOurs = await store.renew(key, lease).catch(() => true);
      if (stopped) return;
      if (isOurs) schedule();
      else observers.notify('leaseLost', key.integration.name);
    };
    const schedule = (): void => {
      cancel = clock.after(lease.leaseMs / 3, () => void renew());
    };
    schedule();
    return () => {
      stopped = true;
      cancel();
    };
  }

  private reportMint(key: TokenKey, outcome: MintOutcome, reason: MintReason, startedAt: number): void {
    const durationMs = this.now() - startedAt;
    this.parts.observers.notify('minted', key.integration.name, { outcome, reason, durationMs });
  }

  private reportWait(key: TokenKey, { waitedSince }: Attempts): void {
    if (waitedSince === undefined) return;
    this.parts.observers.notify('waited', key.integration.name, this.now() - waitedSince);
  }

  private now(): number {
    return this.parts.clock.monotonic();
  }
}

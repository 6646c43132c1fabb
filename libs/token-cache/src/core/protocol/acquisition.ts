import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type Clock } from '../contract/clock.js';
import { errorOf } from '../source-client/cooldown.js';
import { type Flight } from './flights.js';
import { type StoreClient } from '../store-client/store-client.js';
import { NO_LEASE, SHUTTING_DOWN } from '../source-client/source-client.js';
import { type Granted, type Minting } from './minting.js';
import { freshFrom, type HeldToken, isOfTheStore, type NearCache } from '../in-hand/near-cache.js';
import { TokenStoreUnavailableError } from '../contract/token-cache.errors.js';
import { type TokenKey } from '../config/token-key.js';
import { type HitLayer } from '../contract/token-observer.js';
import { type TokenObservers } from '../contract/token-observers.js';
import { type TokenShelf } from '../in-hand/token-shelf.js';
import { type Acquired, type StoredToken } from '../contract/token-store.js';
import { type StoreEvents, type KeyWatch } from '../store-client/store-events.js';

export interface Obtained {
  held: HeldToken;
  via: HitLayer | 'mint';
}

/** One caller's way through the protocol. */
interface Attempts {
  readonly nonce: string;
  readonly watch: KeyWatch;
  /** The generation of a shared token that is of no use to us: another is wanted, however long that one lives. */
  useless?: number;
  waitedSince?: number;
}

export interface AcquisitionParts {
  clock: Clock;
  store: StoreClient;
  near: NearCache;
  shelf: TokenShelf;
  minting: Minting;
  storeEvents: StoreEvents;
  observers: TokenObservers;
}

/** Longer than any token lives. */
const ANY_LIFE_MS = Number.MAX_SAFE_INTEGER;
/** How often a token that another process is replacing is looked at again. */
const LOOK_AGAIN_MS = 250;
const REMEMBERED_NONCES = 10_000;

/**
 * The client half of the protocol: look up; on a miss take the lease; the store has looked again by then; mint only if the
 * token is still missing; commit under the fence, which releases the lease and wakes the others.
 */
export class Acquisition {
  isClosing = false;
  private readonly unanswered = new LRUCache<string, string>({ max: REMEMBERED_NONCES });

  constructor(private readonly parts: AcquisitionParts) {}

  /**
   * Gets the token, whoever mints it.
   *
   * @throws TokenSourceError when the source fails or failed a moment ago
   * @throws TokenStoreUnavailableError when policy forbids to go on without the store
   */
  async obtain(key: TokenKey, flight: Flight): Promise<Obtained> {
    const attempts: Attempts = { nonce: this.nonceFor(key), watch: this.parts.storeEvents.watch(key.id) };
    flight.onEmpty = () => attempts.watch.wake();
    try {
      for (;;) {
        const obtained = await this.attempt(key, attempts);
        if (obtained && !this.isVoid(obtained.held, attempts.watch)) {
          // Who asks from now on may know more than the answer that is on its way to those who asked before.
          flight.close();
          return obtained;
        }
        if (this.isClosing) throw new TokenStoreUnavailableError('acquire', { cause: SHUTTING_DOWN });
        if (flight.closeIfEmpty()) throw new Error('nobody waits for this token any more');
      }
    } finally {
      attempts.watch.close();
      this.reportWait(key, attempts);
    }
  }

  /** That of an attempt without an answer, if there was one: the store may have granted it a lease. */
  nonceFor({ id }: TokenKey): string {
    const nonce = this.unanswered.get(id) ?? randomUUID();
    this.unanswered.delete(id);
    return nonce;
  }

  /** One round: the token, or nothing when it is time to look again. */
  private async attempt(key: TokenKey, attempts: Attempts): Promise<Obtained | undefined> {
    const { watch, nonce, useless } = attempts;
    watch.forgetVoided();
    const sentAt = this.now();
    let acquired: Acquired;
    try {
      acquired = await this.parts.store.acquire(key, nonce, useless === undefined ? 0 : ANY_LIFE_MS);
    } catch (error) {
      this.unanswered.set(key.id, nonce);
      return this.withoutStore(key, error, watch);
    }
    switch (acquired.outcome) {
      case 'hit':
        return this.take(key, acquired.token, sentAt, attempts);
      case 'wait':
        attempts.waitedSince ??= sentAt;
        delete attempts.useless;
        return void (await watch.wait(acquired.leaseEndsInMs));
      case 'cooling':
        throw errorOf(acquired.cooldown, key.integration.name);
      case 'lease':
        return this.useLease(key, acquired, sentAt, attempts);
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
        return this.replaceOutdated(key, stored.fence, attempts);
      case 'unreadable':
        return this.outliveUnreadable(key, stored.fence, attempts);
      default:
        return { held: adopted, via: attempts.waitedSince === undefined ? 'shared' : 'waited' };
    }
  }

  /** The store still has a token that was rejected: it was not told, or somebody published it again. */
  private async invalidateAgain(key: TokenKey, generation: number, watch: KeyWatch): Promise<Obtained | undefined> {
    try {
      await this.parts.store.invalidate(key, key.id, generation);
      return undefined;
    } catch (error) {
      return this.withoutStore(key, error, watch);
    }
  }

  /** The store went back, as after a failover that lost writes: asks for the right to share what we hold, and uses it either way. */
  private replaceOutdated(key: TokenKey, generation: number, attempts: Attempts): Obtained | undefined {
    if (attempts.useless !== generation) {
      attempts.useless = generation;
      return undefined;
    }
    delete attempts.useless;
    return this.inHand(key);
  }

  /**
   * A token that we cannot read is not deleted, since a process that can may live on it: we live on our own if we have one,
   * and otherwise mint a successor, unless another process does or failed to.
   */
  private async outliveUnreadable(
    key: TokenKey,
    generation: number,
    attempts: Attempts,
  ): Promise<Obtained | undefined> {
    const inHand = this.inHand(key);
    if (inHand) return inHand;
    if (attempts.useless !== generation) {
      attempts.useless = generation;
      return undefined;
    }
    const peeked = await this.parts.store.peek(key).catch(() => undefined);
    if (peeked?.cooldown) throw errorOf(peeked.cooldown, key.integration.name);
    await attempts.watch.wait(LOOK_AGAIN_MS);
    delete attempts.useless;
    return undefined;
  }

  /** Yields to a token that came meanwhile, shares again what the store lost, or mints. */
  private async useLease(
    key: TokenKey,
    granted: Granted,
    sentAt: number,
    attempts: Attempts,
  ): Promise<Obtained | undefined> {
    const { store, minting } = this.parts;
    const { lease, token } = granted;
    const { watch } = attempts;
    if (token && token.fence !== attempts.useless) {
      await store.fail(key, lease).catch(() => {});
      return this.take(key, token, sentAt, attempts);
    }
    const lost = this.lostByTheStore(key, granted);
    if (!lost) {
      const held = await minting.underLease(key, granted, watch);
      return held && { held, via: 'mint' };
    }
    const held = await minting.publish(key, lease, freshFrom(lost), watch);
    return held && held.endsAt > this.now() ? { held, via: 'near' } : undefined;
  }

  /**
   * The token that we hold and the store should: the last to be published, which nobody invalidated, or one that was
   * published after what the store takes for the last.
   */
  private lostByTheStore(key: TokenKey, { reason, published }: Granted): HeldToken | undefined {
    const now = this.now();
    const held = this.parts.near.valid(key.id, now);
    if (!held || held.refreshAt <= now) return undefined;
    const { token, unshared } = held;
    if (published !== undefined && published < token.generation && !unshared) return held;
    const isLast = published === undefined || published === token.generation;
    return reason === 'miss' && isLast ? held : undefined;
  }

  /** Whether it was rejected or purged since the attempt that obtained it began. */
  private isVoid(held: HeldToken, watch: KeyWatch): boolean {
    const { accessToken, generation } = held.token;
    return this.parts.near.isRejected(accessToken) || watch.hasVoided(isOfTheStore(held) ? generation : NO_LEASE);
  }

  /** Policy for a store that does not answer: what is in hand, else an error, else a mint of our own. */
  private async withoutStore(key: TokenKey, cause: unknown, watch: KeyWatch): Promise<Obtained | undefined> {
    const inHand = this.inHand(key);
    if (inHand) return inHand;
    if (key.integration.policy.whenStoreUnavailable === 'fail') throw cause;
    const held = await this.parts.minting.withoutStore(key, watch);
    return held && { held, via: 'mint' };
  }

  private inHand(key: TokenKey): Obtained | undefined {
    const held = this.parts.near.valid(key.id, this.now());
    return held && { held, via: 'near' };
  }

  private reportWait(key: TokenKey, { waitedSince }: Attempts): void {
    if (waitedSince === undefined) return;
    this.parts.observers.notify('waited', key.integration.name, this.now() - waitedSince);
  }

  private now(): number {
    return this.parts.clock.monotonic();
  }
}

import { type Clock, systemClock } from '../contract/clock.js';
import { ExpiringMap } from '../contract/expiring-map.js';
import { parseKeyId } from '../contract/key-group.js';
import { positiveMs } from '../contract/positive-ms.js';
import { afterGroupPurge, groupPurge, type SlotStep } from './group-purge.js';
import { offer } from './offer.js';
import { keptUntil, type Slot, type Step } from './slot-state.js';
import { acquire, commit, fail, invalidate, peek, purge, renew } from './slot.js';
import {
  type Acquired,
  type AnsweredSince,
  type Attempt,
  type Committed,
  type Cooldown,
  type Lease,
  type Offered,
  type Peeked,
  type Rejection,
  type RejectionVerdict,
  type TokenStore,
  type TokenKeyEvent,
  type TokenStoreEvent,
  type TokenStoreEvents,
  type TokenStoreListener,
} from '../contract/token-store.js';

/** Options of `MemoryTokenStore`. */
export interface MemoryTokenStoreOptions {
  /** What the store takes for the time. @defaultValue the system's */
  readonly clock?: Clock;
}

/**
 * Shares tokens within one process: for tests, and for a service that runs as one process. Under PM2 or any other cluster
 * every worker would mint a token of its own; use Redis or SQLite there.
 */
export class MemoryTokenStore implements TokenStore {
  readonly events: TokenStoreEvents = { subscribe: (listener) => this.#subscribe(listener) };
  readonly #clock: Clock;
  readonly #slots = new ExpiringMap<Slot>();
  /** The fence of the last purge of each group: groups are few, and so kept for good. */
  readonly #groupPurges = new Map<string | undefined, number>();
  /** The channel of a store within the process is never down. */
  readonly #listeners = new Set<Omit<TokenStoreListener, 'down'>>();
  readonly #awaited = new Set<string>();

  constructor({ clock = systemClock }: MemoryTokenStoreOptions = {}) {
    this.#clock = clock;
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#slots.size;
  }

  async peek(keyId: string): Promise<Peeked> {
    return this.#run(keyId, peek).answer;
  }

  async acquire(keyId: string, attempt: Attempt): Promise<Acquired> {
    positiveMs('leaseMs', attempt.leaseMs);
    const { answer } = this.#run(keyId, (slot, now) => acquire(slot, attempt, now));
    if (answer.outcome === 'wait') this.#awaited.add(keyId);
    return answer;
  }

  async renew(keyId: string, lease: Lease): Promise<boolean> {
    positiveMs('leaseMs', lease.leaseMs);
    return this.#run(keyId, (slot, now) => renew(slot, lease, now)).answer;
  }

  async commit(keyId: string, lease: Lease, payload: string, ttlMs: number): Promise<Committed> {
    positiveMs('ttlMs', ttlMs);
    const { answer, slot } = this.#run(keyId, (known, now) => commit(known, lease, payload, ttlMs, now));
    if (slot) this.#wake('stored', keyId, lease.fence);
    return answer;
  }

  async fail(keyId: string, lease: Lease, cooldown?: Cooldown): Promise<boolean> {
    if (cooldown) positiveMs('cooldown.remainingMs', cooldown.remainingMs);
    const { answer, slot } = this.#run(keyId, (known, now) => fail(known, lease, cooldown, now));
    if (slot) this.#wake('failed', keyId, lease.fence);
    return answer;
  }

  async offer(
    keyId: string,
    generation: number,
    payload: string,
    ttlMs: number,
    since?: AnsweredSince,
  ): Promise<Offered> {
    const offered = { generation, payload, ttlMs: positiveMs('ttlMs', ttlMs), since };
    const { answer, slot } = this.#run(keyId, (known, now) => offer(known, offered, now));
    if (slot) this.#wake('stored', keyId, generation);
    // The commit of the lease is announced to who takes this token.
    if (slot?.nonce) this.#awaited.add(keyId);
    return answer;
  }

  async invalidate(keyId: string, rejection: Rejection): Promise<RejectionVerdict> {
    positiveMs('paceMs', rejection.paceMs);
    positiveMs('maxPaceMs', rejection.maxPaceMs);
    const { answer } = this.#run(keyId, (slot, now) => invalidate(slot, rejection, now));
    if (answer === 'replaced') this.#publish(keyEvent('invalidated', keyId, rejection.generation));
    return answer;
  }

  /** Nothing lies between the caller and the store, so a purge is never late. */
  async purge(keyId: string, withinMs?: number): Promise<number> {
    if (withinMs !== undefined) positiveMs('withinMs', withinMs);
    const { answer: fence } = this.#run(keyId, purge);
    this.#publish(keyEvent('purged', keyId, fence));
    return fence;
  }

  async purgeGroup(group: string, withinMs?: number): Promise<number> {
    if (withinMs !== undefined) positiveMs('withinMs', withinMs);
    const fence = groupPurge(this.#lastPurge(group), this.#clock.monotonic());
    this.#groupPurges.set(group, fence);
    this.#publish({ type: 'purged-group', group, fence });
    return fence;
  }

  async ping(): Promise<void> {}

  /** Does nothing: others may share this object, and there is no connection to close. */
  async close(): Promise<void> {}

  #run<Answer>(keyId: string, step: SlotStep<Answer>): Step<Answer> {
    const now = this.#clock.monotonic();
    const { group, id } = parseKeyId(keyId);
    const taken = afterGroupPurge(this.#lastPurge(group), step)(this.#slots.get(id), now);
    if (taken.slot) this.#slots.set(id, taken.slot, keptUntil(taken.slot, now), now);
    return taken;
  }

  #lastPurge(group: string | undefined): number {
    return this.#groupPurges.get(group) ?? 0;
  }

  /** Tells the waiters, if there are any. */
  #wake(type: 'stored' | 'failed', keyId: string, fence: number): void {
    if (this.#awaited.delete(keyId)) this.#publish(keyEvent(type, keyId, fence));
  }

  /** Later, as from a network: a listener is never called within the call that caused the event. */
  #publish(event: TokenStoreEvent): void {
    for (const listener of this.#listeners) {
      queueMicrotask(() => this.#listeners.has(listener) && listener.event(event));
    }
  }

  #subscribe(listener: TokenStoreListener): () => void {
    // A copy, so that a listener given twice is two subscriptions, each with its own end.
    const own = { event: (event: TokenStoreEvent) => listener.event(event), up: () => listener.up() };
    this.#listeners.add(own);
    queueMicrotask(() => this.#listeners.has(own) && own.up());
    return () => void this.#listeners.delete(own);
  }
}

function keyEvent(type: TokenKeyEvent['type'], keyId: string, fence: number): TokenKeyEvent {
  return { type, keyId: parseKeyId(keyId).id, fence };
}

import { type Clock, systemClock } from './clock.js';
import { positiveMs } from './positive-ms.js';
import {
  type Acquired,
  type Attempt,
  type Committed,
  type Cooldown,
  type Lease,
  type MintReason,
  type Peeked,
  type StoredToken,
  type TokenStore,
  type TokenStoreEvent,
  type TokenStoreEvents,
  type TokenStoreListener,
} from './token-store.js';

/** Longer than any lease plus the life of a token, so that a late commit still finds what replaced it. */
const KEEP_MS = 25 * 60 * 60 * 1000;

/** Everything about one key; instants are those of the monotonic clock. */
interface KeyRecord {
  fence: number;
  failures: number;
  keepUntil: number;
  invalidated: boolean;
  awaited: boolean;
  /** The last fence that was published: it is never published again, even after its token is gone. */
  published?: number;
  token?: { fence: number; payload: string; endsAt: number };
  lease?: { nonce: string; endsAt: number };
  cooldown?: { error: string; endsAt: number };
}

export interface MemoryTokenStoreOptions {
  /** What the store takes for the time. @defaultValue the system's */
  readonly clock?: Clock;
}

/**
 * Shares tokens within one process: for tests, and for a service that runs as one process. Under PM2 or any other cluster
 * every worker would mint a token of its own; use Redis or SQLite there.
 */
export class MemoryTokenStore implements TokenStore {
  readonly events: TokenStoreEvents;
  readonly #clock: Clock;
  readonly #records = new Map<string, KeyRecord>();
  readonly #listeners = new Set<TokenStoreListener>();
  #sweep = this.#records.entries();
  #lastFence = 0;

  constructor({ clock = systemClock }: MemoryTokenStoreOptions = {}) {
    this.#clock = clock;
    this.events = { subscribe: (listener) => this.#subscribe(listener) };
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#records.size;
  }

  async peek(keyId: string): Promise<Peeked> {
    const record = this.#records.get(keyId);
    const token = record && this.#token(record);
    const cooldown = record && this.#cooldown(record);
    return { ...(token && { token }), ...(cooldown && { cooldown }) };
  }

  async acquire(keyId: string, { nonce, leaseMs, needMs }: Attempt): Promise<Acquired> {
    positiveMs('leaseMs', leaseMs);
    const record = this.#touch(keyId);
    const token = this.#token(record);
    if (token && token.ttlMs > needMs) return { outcome: 'hit', token };

    const cooldown = this.#cooldown(record);
    if (cooldown) return token ? { outcome: 'hit', token } : { outcome: 'cooling', cooldown };

    const leaseEndsInMs = this.#remaining(record.lease?.endsAt);
    if (leaseEndsInMs > 0 && record.lease?.nonce !== nonce) {
      if (token) return { outcome: 'hit', token };
      record.awaited = true;
      return { outcome: 'wait', leaseEndsInMs };
    }

    if (leaseEndsInMs <= 0) record.fence = this.#nextFence();
    record.lease = { nonce, endsAt: this.#clock.monotonic() + leaseMs };
    const lease: Lease = { nonce, fence: record.fence, leaseMs };
    const { failures, published } = record;
    return {
      outcome: 'lease',
      lease,
      reason: reasonOf(record, token),
      failures,
      ...(published !== undefined && { published }),
      ...(token && { token }),
    };
  }

  async renew(keyId: string, lease: Lease): Promise<boolean> {
    positiveMs('leaseMs', lease.leaseMs);
    const record = this.#records.get(keyId);
    if (!record?.lease || !holds(record, lease)) return false;
    record.lease.endsAt = this.#clock.monotonic() + lease.leaseMs;
    this.#touch(keyId);
    return true;
  }

  async commit(keyId: string, lease: Lease, payload: string, ttlMs: number): Promise<Committed> {
    positiveMs('ttlMs', ttlMs);
    const known = this.#records.get(keyId);
    const token = known && this.#token(known);
    if (token?.fence === lease.fence) return { outcome: 'duplicate' };
    if (known ? isSuperseded(known, lease) : this.#isStale(lease)) {
      return { outcome: 'superseded', ...(token && token.fence > lease.fence && { token }) };
    }

    const { fence } = lease;
    const record = this.#touch(keyId);
    this.#wake(record, { type: 'stored', keyId, fence });
    record.token = { fence, payload, endsAt: this.#clock.monotonic() + ttlMs };
    record.fence = record.published = fence;
    this.#lastFence = Math.max(this.#lastFence, fence);
    record.failures = 0;
    record.invalidated = false;
    delete record.lease;
    delete record.cooldown;
    return { outcome: 'stored' };
  }

  async fail(keyId: string, lease: Lease, cooldown?: Cooldown): Promise<void> {
    if (cooldown) positiveMs('cooldown.remainingMs', cooldown.remainingMs);
    const record = this.#records.get(keyId);
    if (!record || !holds(record, lease)) return;
    this.#touch(keyId);
    this.#wake(record, { type: 'failed', keyId, fence: lease.fence });
    delete record.lease;
    if (!cooldown) return;
    record.failures += 1;
    record.cooldown = { error: cooldown.error, endsAt: this.#clock.monotonic() + cooldown.remainingMs };
  }

  async invalidate(keyId: string, generation: number): Promise<boolean> {
    const record = this.#records.get(keyId);
    if (!record || this.#token(record)?.fence !== generation) return false;
    this.#touch(keyId);
    delete record.token;
    record.invalidated = true;
    this.#publish({ type: 'invalidated', keyId, fence: generation });
    return true;
  }

  async purge(keyId: string): Promise<void> {
    const fence = this.#nextFence();
    this.#records.delete(keyId);
    Object.assign(this.#touch(keyId), { fence, invalidated: true });
    this.#publish({ type: 'purged', keyId, fence });
  }

  async ping(): Promise<void> {}

  /** Does nothing: others may share this object, and there is no connection to close. */
  async close(): Promise<void> {}

  /** The record to write to. Each write looks at two others, so that what ended is dropped as fast as keys come in. */
  #touch(keyId: string): KeyRecord {
    const record = this.#records.get(keyId) ?? {
      fence: 0,
      failures: 0,
      keepUntil: 0,
      invalidated: false,
      awaited: false,
    };
    record.keepUntil = this.#clock.monotonic() + KEEP_MS;
    this.#records.set(keyId, record);
    this.#dropEnded();
    this.#dropEnded();
    return record;
  }

  #dropEnded(): void {
    const { done, value } = this.#sweep.next();
    if (done) {
      this.#sweep = this.#records.entries();
      return;
    }
    const [keyId, record] = value;
    if (!this.#token(record)) delete record.token;
    const ends = [record.keepUntil, record.token?.endsAt, record.lease?.endsAt, record.cooldown?.endsAt];
    if (ends.every((end) => this.#remaining(end) <= 0)) this.#records.delete(keyId);
  }

  #token({ token }: KeyRecord): StoredToken | undefined {
    const ttlMs = this.#remaining(token?.endsAt);
    return token && ttlMs > 0 ? { fence: token.fence, payload: token.payload, ttlMs } : undefined;
  }

  #cooldown({ cooldown }: KeyRecord): Cooldown | undefined {
    const remainingMs = this.#remaining(cooldown?.endsAt);
    return cooldown && remainingMs > 0 ? { remainingMs, error: cooldown.error } : undefined;
  }

  /** Whole ms, rounded down: nobody may believe that a token lives longer than it does. */
  #remaining(endsAt = Number.NEGATIVE_INFINITY): number {
    return Math.floor(endsAt - this.#clock.monotonic());
  }

  #nextFence(): number {
    this.#lastFence = Math.max(this.#lastFence + 1, Math.floor(this.#clock.now() * 1000));
    return this.#lastFence;
  }

  #isStale({ fence, leaseMs }: Lease): boolean {
    return this.#clock.now() * 1000 - fence > leaseMs * 1000;
  }

  #wake(record: KeyRecord, event: TokenStoreEvent): void {
    if (record.awaited) this.#publish(event);
    record.awaited = false;
  }

  /** Later, as from a network: a listener is never called within the call that caused the event. */
  #publish(event: TokenStoreEvent): void {
    queueMicrotask(() => this.#listeners.forEach((listener) => listener.event(event)));
  }

  #subscribe(listener: TokenStoreListener): () => void {
    // A copy, so that a listener given twice is two subscriptions, each with its own end.
    const own: TokenStoreListener = {
      event: (event) => listener.event(event),
      up: () => listener.up(),
      down: () => listener.down(),
    };
    this.#listeners.add(own);
    queueMicrotask(() => this.#listeners.has(own) && own.up());
    return () => void this.#listeners.delete(own);
  }
}

function reasonOf({ invalidated }: KeyRecord, token: StoredToken | undefined): MintReason {
  if (token) return 'refresh';
  return invalidated ? 'invalidated' : 'miss';
}

function holds(record: KeyRecord, { nonce, fence }: Lease): boolean {
  return record.lease?.nonce === nonce && record.fence === fence;
}

function isSuperseded({ fence, published = -1 }: KeyRecord, lease: Lease): boolean {
  return fence > lease.fence || published >= lease.fence;
}

import { type MintReason } from '../../core/contract/token-store.js';

/** A fence as the specification sees it: its place in the order of all fences, and the instant that it was taken from. */
export interface ModelFence {
  readonly place: number;
  readonly at: number;
}

export interface ModelLease extends ModelFence {
  readonly nonce: string;
  readonly leaseMs: number;
}

/** What the store may forget: it has the token in one place and the rest in another. */
interface Remembered {
  readonly newest: ModelFence;
  published?: ModelFence;
  holder?: { readonly lease: ModelLease; endsAt: number };
  cooldown?: { readonly error: string; readonly endsAt: number };
  failures: number;
  invalidated: boolean;
}

export type ModelAcquired =
  | { outcome: 'hit'; token: ModelFence }
  | { outcome: 'wait'; leaseEndsInMs: number }
  | { outcome: 'cooling'; error: string; remainingMs: number }
  | {
      outcome: 'lease';
      lease: ModelLease;
      isNew: boolean;
      reason: MintReason;
      failures: number;
      published?: ModelFence;
      token?: ModelFence;
    };

export type ModelCommitted = { outcome: 'stored' | 'duplicate' } | { outcome: 'superseded'; token?: ModelFence };

/**
 * The specification of one key of a store, on a clock that only the test moves. Fences are places in an order here, since
 * their numbers are the store's own business as long as they rise.
 */
export class SlotModel {
  now = 0;
  /** Every lease that was ever granted, oldest first. */
  readonly leases: ModelLease[] = [];
  /** Where the clock was at its furthest. */
  latest = 0;
  #newest: ModelFence = { place: 0, at: -Infinity };
  #token?: ModelFence & { readonly endsAt: number };
  #remembered?: Remembered;

  get token(): (ModelFence & { readonly endsAt: number }) | undefined {
    return this.#token && this.#token.endsAt > this.now ? this.#token : undefined;
  }

  /** Whether there is nothing left that could tell what was published before. */
  get knowsNothing(): boolean {
    return !this.token && !this.#remembered;
  }

  get cooldown(): { readonly error: string; readonly endsAt: number } | undefined {
    const cooldown = this.#remembered?.cooldown;
    return cooldown && cooldown.endsAt > this.now ? cooldown : undefined;
  }

  /** A token that lives long enough; else, of those who ask, one mints, and the others get the token or wait. */
  acquire(nonce: string, leaseMs: number, minTtlMs: number): ModelAcquired {
    const { token, cooldown } = this;
    if (token && token.endsAt - this.now > minTtlMs) return { outcome: 'hit', token };
    const holder = this.#liveHolder();
    const isBusy = cooldown !== undefined || (holder !== undefined && holder.lease.nonce !== nonce);
    if (token && isBusy) return { outcome: 'hit', token };
    if (cooldown) return { outcome: 'cooling', error: cooldown.error, remainingMs: cooldown.endsAt - this.now };
    if (holder && isBusy) return { outcome: 'wait', leaseEndsInMs: holder.endsAt - this.now };

    const { published, failures = 0, invalidated = false } = this.#remembered ?? {};
    const lease = holder ? holder.lease : { ...this.#nextFence(), nonce, leaseMs };
    if (!holder) this.leases.push(lease);
    this.#remembered = {
      ...(this.#remembered ?? { failures: 0, invalidated: false }),
      newest: lease,
      holder: { lease, endsAt: this.now + leaseMs },
    };
    const reason = token ? 'refresh' : invalidated ? 'invalidated' : 'miss';
    return { outcome: 'lease', lease, isNew: !holder, reason, failures, published, token };
  }

  /** Only the last to be granted can renew, and only until it commits or fails. */
  renew(lease: ModelLease, leaseMs: number): boolean {
    const holder = this.#remembered?.holder;
    if (holder?.lease.place !== lease.place) return false;
    holder.endsAt = this.now + leaseMs;
    return true;
  }

  /** A fence is published once, never after a newer fence was given out, and never by one who cannot know. */
  commit(lease: ModelLease, ttlMs: number): ModelCommitted {
    const { token } = this;
    if (token?.place === lease.place) return { outcome: 'duplicate' };
    const newest = Math.max(this.#remembered?.newest.place ?? 0, token?.place ?? 0);
    const isPublished = (this.#remembered?.published?.place ?? 0) >= lease.place;
    const nobodyKnows = newest === 0 && this.now - lease.at > lease.leaseMs;
    if (newest > lease.place || isPublished || nobodyKnows) {
      return { outcome: 'superseded', ...(token && token.place > lease.place && { token }) };
    }
    const { place, at } = lease;
    this.#token = { place, at, endsAt: this.now + ttlMs };
    this.#remembered = { newest: lease, published: lease, failures: 0, invalidated: false };
    return { outcome: 'stored' };
  }

  /** Only the last to be granted can fail, and only once. */
  fail(lease: ModelLease, cooldown?: { error: string; remainingMs: number }): void {
    const remembered = this.#remembered;
    if (remembered?.holder?.lease.place !== lease.place) return;
    delete remembered.holder;
    if (!cooldown) return;
    remembered.failures += 1;
    remembered.cooldown = { error: cooldown.error, endsAt: this.now + cooldown.remainingMs };
  }

  /** Only the token of that generation goes; a mint in flight does not mind. */
  invalidate(generation: ModelFence): boolean {
    const { token } = this;
    if (token?.place !== generation.place) return false;
    this.#token = undefined;
    this.#remembered = {
      ...(this.#remembered ?? { newest: token, failures: 0 }),
      published: token,
      invalidated: true,
    };
    return true;
  }

  /** Everything goes, and whoever holds a lease may not commit any more. */
  purge(): void {
    const newest = this.#nextFence();
    this.#token = undefined;
    this.#remembered = { newest, failures: 0, invalidated: true };
  }

  /** Whether a token that ended would be valid again on a clock that stepped back to `at`. */
  revivesAt(at: number): boolean {
    const endsAt = this.#token?.endsAt ?? -Infinity;
    return endsAt > at && endsAt <= this.now;
  }

  /** Whether a store that has lost these parts would no longer know its newest fence, on a clock that lies before it. */
  couldRepeat(now: number, lost?: 'token' | 'record' | 'everything'): boolean {
    const token = lost === undefined || lost === 'record' ? this.#token : undefined;
    const remembered = lost === undefined || lost === 'token' ? this.#remembered : undefined;
    const known = Math.max(remembered?.newest.place ?? 0, token && token.endsAt > now ? token.place : 0);
    return known < this.#newest.place && now < this.#newest.at;
  }

  moveClock(ms: number): void {
    this.now += ms;
    this.latest = Math.max(this.latest, this.now);
  }

  loseToken(): void {
    this.#token = undefined;
  }

  loseRecord(): void {
    this.#remembered = undefined;
  }

  #liveHolder(): Remembered['holder'] {
    const holder = this.#remembered?.holder;
    return holder && holder.endsAt > this.now ? holder : undefined;
  }

  #nextFence(): ModelFence {
    const known = [this.#remembered?.newest.at ?? -Infinity, this.token?.at ?? -Infinity];
    const { place } = this.#newest;
    return (this.#newest = { place: place + 1, at: Math.max(this.now, ...known) });
  }
}

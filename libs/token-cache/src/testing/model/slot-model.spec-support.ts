import { type MintReason, type Rejection, type RejectionVerdict } from '../../core/contract/token-store.js';

/** A record is kept for so much longer than anything in it lasts. */
export const DAY_MS = 24 * 60 * 60 * 1000;

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
  /** From a mark or a purge until the next commit. */
  invalidated: boolean;
  marked?: ModelFence;
  /** The last rejection that was granted. */
  granted?: { readonly generation: ModelFence; readonly at: number; readonly paceMs: number };
}

/** A rejection as the specification sees it. */
export type ModelRejection = Omit<Rejection, 'generation'> & { readonly generation: ModelFence };

export type ModelAcquired =
  | { outcome: 'hit'; token: ModelFence }
  | { outcome: 'wait'; leaseEndsInMs: number; rejected?: ModelFence }
  | { outcome: 'cooling'; error: string; remainingMs: number; rejected?: ModelFence }
  | {
      outcome: 'lease';
      lease: ModelLease;
      isNew: boolean;
      reason: MintReason;
      failures: number;
      published?: ModelFence;
      token?: ModelFence;
      rejected?: ModelFence;
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
  #newest: ModelFence = { place: 0, at: -Infinity };
  #token?: ModelFence & { readonly endsAt: number };
  #remembered?: Remembered;
  #keptUntil = -Infinity;

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

  /** Whether the token is marked: rejected, and not replaced yet. */
  get isRejected(): boolean {
    return this.token !== undefined && this.#remembered?.marked?.place === this.token.place;
  }

  /** For how long the store keeps what it has of the key. */
  get kept(): { readonly token?: number; readonly record?: number } {
    return {
      ...(this.token && { token: this.token.endsAt - this.now }),
      ...(this.#remembered && { record: this.#keptUntil - this.now }),
    };
  }

  /**
   * A token that serves and lives long enough; else, of those that ask, one mints, and the others get the token that serves
   * or wait. A token that does not serve is handed back beside every other answer.
   */
  acquire(nonce: string, leaseMs: number, minTtlMs: number, refused?: ModelFence): ModelAcquired {
    const { token: valid, isRejected, cooldown } = this;
    const serves = valid !== undefined && !isRejected && valid.place !== refused?.place;
    const token = serves ? valid : undefined;
    const rejected = serves ? undefined : valid;
    if (token && token.endsAt - this.now > minTtlMs) return { outcome: 'hit', token };
    const holder = this.#liveHolder();
    const isBusy = cooldown !== undefined || (holder !== undefined && holder.lease.nonce !== nonce);
    if (token && isBusy) return { outcome: 'hit', token };
    if (cooldown)
      return { outcome: 'cooling', error: cooldown.error, remainingMs: cooldown.endsAt - this.now, rejected };
    if (holder && isBusy) return { outcome: 'wait', leaseEndsInMs: holder.endsAt - this.now, rejected };

    const { published, failures = 0, invalidated = false } = this.#remembered ?? {};
    const lease = holder ? holder.lease : { ...this.#nextFence(), nonce, leaseMs };
    if (!holder) this.leases.push(lease);
    this.#remembered = {
      ...(this.#remembered ?? { failures: 0, invalidated: false }),
      newest: lease,
      holder: { lease, endsAt: this.now + leaseMs },
    };
    this.#keep();
    const reason = valid && !isRejected ? 'refresh' : invalidated ? 'invalidated' : 'miss';
    return { outcome: 'lease', lease, isNew: !holder, reason, failures, published, token, rejected };
  }

  /** Only the last to be granted can renew, and only until it commits or fails. */
  renew(lease: ModelLease, leaseMs: number): boolean {
    const holder = this.#remembered?.holder;
    if (holder?.lease.place !== lease.place) return false;
    holder.endsAt = this.now + leaseMs;
    this.#keep();
    return true;
  }

  /** A fence is published once, never after a newer fence was given out, and never by a holder that cannot know. */
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
    const granted = this.#remembered?.granted;
    this.#remembered = { newest: lease, published: lease, failures: 0, invalidated: false, granted };
    this.#keep();
    return { outcome: 'stored' };
  }

  /** Only the last to be granted can fail, and only once. */
  fail(lease: ModelLease, cooldown?: { error: string; remainingMs: number }): void {
    const remembered = this.#remembered;
    if (remembered?.holder?.lease.place !== lease.place) return;
    delete remembered.holder;
    if (cooldown) {
      remembered.failures += 1;
      remembered.cooldown = { error: cooldown.error, endsAt: this.now + cooldown.remainingMs };
    }
    this.#keep();
  }

  /**
   * Only the token of that generation is marked, once per pace; a mint in flight goes on. The pace starts at what policy says,
   * and doubles when a grant comes within twice the pace of the last one. A grant that lies ahead is of a clock that was wrong.
   */
  invalidate({ generation, paceMs, maxPaceMs, isContested }: ModelRejection): RejectionVerdict {
    const { token, now } = this;
    if (token?.place !== generation.place || this.isRejected) return 'stale';
    const last = this.#remembered?.granted;
    const known = last && last.at <= now ? last : undefined;
    const freeAt = known ? known.at + (isContested ? maxPaceMs : known.paceMs) : now;
    if (now < freeAt) return known?.generation.place === generation.place ? 'stale' : 'held';
    const isClose = known !== undefined && now - known.at <= 2 * known.paceMs;
    this.#remembered = {
      ...(this.#remembered ?? { newest: token, failures: 0, invalidated: false }),
      published: token,
      granted: {
        generation: token,
        at: now,
        paceMs: isClose ? Math.min(Math.max(2 * known.paceMs, paceMs), maxPaceMs) : paceMs,
      },
      ...(!isContested && { invalidated: true, marked: token }),
    };
    this.#keep();
    return isContested ? 'contested' : 'replaced';
  }

  /** Everything goes, and the holder of a lease may not commit any more. */
  purge(): void {
    const newest = this.#nextFence();
    this.#token = undefined;
    this.#remembered = { newest, failures: 0, invalidated: true };
    this.#keep();
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
    if (this.#keptUntil <= this.now) this.#remembered = undefined;
  }

  loseToken(): void {
    this.#token = undefined;
  }

  loseRecord(): void {
    this.#remembered = undefined;
  }

  /** For a day longer than the token, the lease, the cool-down and the memory of the last grant. */
  #keep(): void {
    const { holder, cooldown, granted } = this.#remembered!;
    const ends = [
      this.now,
      this.#token?.endsAt ?? -Infinity,
      holder?.endsAt ?? -Infinity,
      cooldown?.endsAt ?? -Infinity,
      granted ? granted.at + 2 * granted.paceMs : -Infinity,
    ];
    this.#keptUntil = Math.max(...ends) + DAY_MS;
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

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
  holder?: { readonly lease: ModelLease; endsAt: number; leaseMs: number };
  cooldown?: ModelCooldown;
  failures: number;
  /** From a mark or a purge until the next commit. */
  invalidated: boolean;
  marked?: ModelFence;
  voided?: ModelFence;
  /** The last rejection that was granted. */
  granted?: { readonly generation: ModelFence; readonly at: number; readonly paceMs: number };
}

/** A failure that is remembered; it binds the fleet if it names no process. */
interface ModelCooldown {
  readonly error: string;
  readonly process?: string;
  readonly endsAt: number;
}

/** A rejection as the specification sees it. */
export type ModelRejection = Omit<Rejection, 'generation'> & { readonly generation: ModelFence };

export type ModelAcquired =
  | { outcome: 'hit'; token: ModelFence; voidedUpTo?: ModelFence }
  | { outcome: 'wait'; leaseEndsInMs: number; rejected?: ModelFence; voidedUpTo?: ModelFence }
  | { outcome: 'cooling'; cooldown: ModelCooldown; rejected?: ModelFence; voidedUpTo?: ModelFence }
  | {
      outcome: 'lease';
      lease: ModelLease;
      isNew: boolean;
      leaseEndsInMs: number;
      reason: MintReason;
      failures: number;
      published?: ModelFence;
      token?: ModelFence;
      rejected?: ModelFence;
      voidedUpTo?: ModelFence;
    };

export type ModelCommitted =
  | { outcome: 'stored' | 'duplicate' | 'voided' }
  | { outcome: 'superseded'; token?: ModelFence };

export type ModelOffered = Exclude<ModelCommitted, { outcome: 'duplicate' }> | { outcome: 'stored' | 'voided' };

/**
 * The specification of one key of a store, on a clock that only the test moves. Fences are places in an order here, since
 * their numbers are the store's own business as long as they rise.
 */
export class SlotModel {
  now = 0;
  /** Every lease that was ever granted, oldest first. */
  readonly leases: ModelLease[] = [];
  /** The fences of all tokens that there may be, oldest first: of leases, and of tokens that were minted without one. */
  readonly generations: ModelFence[] = [];
  #newest: ModelFence = { place: 0, at: -Infinity };
  #token?: ModelFence & { readonly endsAt: number };
  /** As it was written last, be it before the last purge of the group. */
  #written?: Remembered;
  #isOfBeforeGroupPurge = false;
  #groupPurge?: ModelFence;
  #keptUntil = -Infinity;

  get token(): (ModelFence & { readonly endsAt: number }) | undefined {
    const token = this.#token;
    const isVoid = this.#isOfBeforeGroupPurge || (token?.place ?? 0) <= (this.#groupPurge?.place ?? 0);
    return token && token.endsAt > this.now && !isVoid ? token : undefined;
  }

  /** Whether there is nothing left that could tell what was published before. */
  get knowsNothing(): boolean {
    return !this.token && !this.#remembered;
  }

  /** Whether the clock lies before the newest fence. */
  get isSetBack(): boolean {
    return this.now < this.#newest.at;
  }

  get cooldown(): ModelCooldown | undefined {
    const cooldown = this.#remembered?.cooldown;
    return cooldown && cooldown.endsAt > this.now ? cooldown : undefined;
  }

  /** Whether the token is marked: rejected, and not replaced yet. */
  get isRejected(): boolean {
    return this.token !== undefined && this.#remembered?.marked?.place === this.token.place;
  }

  /** The newest fence that was purged or marked, be its token replaced since. */
  get voidedUpTo(): ModelFence | undefined {
    const { voided, marked } = this.#remembered ?? { voided: this.#groupPurge };
    return (marked?.place ?? 0) > (voided?.place ?? 0) ? marked : voided;
  }

  /** The generation of a token that was minted without a lease, by a process that has seen every fence. */
  get generationWithoutLease(): ModelFence {
    return { ...this.#newest, place: this.#newest.place + 1 };
  }

  /** For how long the store keeps what it has of the key. */
  get kept(): { readonly token?: number; readonly record?: number } {
    return {
      ...(this.#token && this.#token.endsAt > this.now && { token: this.#token.endsAt - this.now }),
      ...(this.#written && { record: this.#keptUntil - this.now }),
    };
  }

  /**
   * A token that serves and lives long enough; else, of those that ask, one mints, and the others get the token that serves
   * or wait. A token that does not serve is handed back beside every other answer. The cool-down of another process binds
   * nobody else.
   */
  acquire(nonce: string, leaseMs: number, minTtlMs: number, refused?: ModelFence, process?: string): ModelAcquired {
    const { token: valid, isRejected, voidedUpTo } = this;
    const isOther = process !== undefined && (this.cooldown?.process ?? process) !== process;
    const cooldown = isOther ? undefined : this.cooldown;
    const serves = valid !== undefined && !isRejected && valid.place !== refused?.place;
    const token = serves ? valid : undefined;
    const rejected = serves ? undefined : valid;
    if (token && token.endsAt - this.now > minTtlMs) return { outcome: 'hit', token, voidedUpTo };
    const holder = this.#liveHolder();
    const isBusy = cooldown !== undefined || (holder !== undefined && holder.lease.nonce !== nonce);
    if (token && isBusy) return { outcome: 'hit', token, voidedUpTo };
    if (cooldown) return { outcome: 'cooling', cooldown, rejected, voidedUpTo };
    if (holder && isBusy) return { outcome: 'wait', leaseEndsInMs: holder.endsAt - this.now, rejected, voidedUpTo };

    const { published, failures = 0, invalidated = false } = this.#remembered ?? {};
    const lease = holder ? holder.lease : { ...this.#nextFence(), nonce, leaseMs };
    const leaseEndsInMs = holder ? holder.endsAt - this.now : leaseMs;
    if (!holder) {
      this.leases.push(lease);
      this.generations.push(lease);
      this.#remembered = {
        ...this.#known,
        newest: lease,
        holder: { lease, endsAt: this.now + leaseMs, leaseMs },
      };
      this.#keep();
    }
    const reason = valid && !isRejected ? 'refresh' : invalidated ? 'invalidated' : 'miss';
    const beside = { reason, failures, published, token, rejected, voidedUpTo } as const;
    return { outcome: 'lease', lease, isNew: !holder, leaseEndsInMs, ...beside };
  }

  /** Only the last to be granted can renew, and only until it commits or fails. */
  renew(lease: ModelLease, leaseMs: number): boolean {
    const holder = this.#remembered?.holder;
    if (holder?.lease.place !== lease.place) return false;
    holder.endsAt = this.now + leaseMs;
    holder.leaseMs = leaseMs;
    this.#keep();
    return true;
  }

  /** A fence is published once, never after a newer fence was given out, and never by a holder that cannot know. */
  commit(lease: ModelLease, ttlMs: number): ModelCommitted {
    const { token } = this;
    if (this.#isVoid(lease)) return { outcome: 'voided' };
    if (token?.place === lease.place) return { outcome: 'duplicate' };
    const newest = Math.max(this.#remembered?.newest.place ?? 0, token?.place ?? 0);
    const isPublished = (this.#remembered?.published?.place ?? 0) >= lease.place;
    const nobodyKnows = newest === 0 && this.now - lease.at > lease.leaseMs;
    if (newest > lease.place || isPublished || nobodyKnows) {
      return { outcome: 'superseded', ...(token && token.place > lease.place && { token }) };
    }
    const { place, at } = lease;
    this.#token = { place, at, endsAt: this.now + ttlMs };
    const { voidedUpTo: voided } = this;
    const granted = this.#remembered?.granted;
    this.#remembered = { newest: lease, published: lease, failures: 0, invalidated: false, granted, voided };
    this.#keep();
    return { outcome: 'stored' };
  }

  /**
   * Only the last to be granted can fail, and only once. A failure of one process binds that process, unless another one lasts
   * that is not its own.
   */
  fail(lease: ModelLease, failure?: { error: string; remainingMs: number; process?: string }): boolean {
    const remembered = this.#remembered;
    if (remembered?.holder?.lease.place !== lease.place) return false;
    delete remembered.holder;
    if (failure) {
      const { error, remainingMs, process } = failure;
      const isShared = this.cooldown !== undefined && this.cooldown.process !== process;
      remembered.failures += 1;
      remembered.cooldown = { error, endsAt: this.now + remainingMs, ...(process && !isShared && { process }) };
    }
    this.#keep();
    return true;
  }

  /** A token that no commit brings, in place of none or of a marked one: never an older one than the last, nor a void one. */
  offer(generation: ModelFence, ttlMs: number): ModelOffered {
    const { token, isRejected } = this;
    const { place, at } = generation;
    if (this.#isVoid(generation)) return { outcome: 'voided' };
    if (token && !isRejected) return token.place === place ? { outcome: 'stored' } : { outcome: 'superseded', token };
    const known = this.#known;
    const published = known.published?.place ?? 0;
    const isOfALease = place === known.newest.place && place !== published;
    if (place < published || isOfALease) return { outcome: 'superseded' };
    const isNewest = place > known.newest.place;
    this.#token = { place, at, endsAt: this.now + ttlMs };
    const { voidedUpTo: voided } = this;
    const newest = isNewest ? generation : known.newest;
    this.#remembered = { ...known, newest, voided, published: generation, invalidated: false };
    delete this.#remembered.marked;
    if (isNewest) delete this.#remembered.holder;
    if (place > this.#newest.place) {
      this.#newest = generation;
      this.generations.push(generation);
    }
    this.#keep();
    return { outcome: 'stored' };
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
      ...(this.#remembered ?? { ...this.#known, newest: token }),
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

  /** Everything goes, and the holder of a lease may not commit any more. Gives the fence up to which everything is void. */
  purge(): ModelFence {
    const newest = this.#nextFence();
    this.#token = undefined;
    this.#remembered = { newest, voided: newest, failures: 0, invalidated: true };
    this.#keep();
    return newest;
  }

  /**
   * The same for all keys of the group: what is written of the key stays, and counts as purged until it is written again. Without a
   * record only fences tell what came before.
   */
  purgeGroup(): ModelFence {
    const fence = this.#nextFence();
    this.#groupPurge = fence;
    this.#isOfBeforeGroupPurge = this.#written !== undefined;
    return fence;
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
    const ofGroup = this.#groupPurge?.place ?? 0;
    const known = Math.max(remembered?.newest.place ?? 0, token && token.endsAt > now ? token.place : 0, ofGroup);
    return known < this.#newest.place && now < this.#newest.at;
  }

  moveClock(ms: number): void {
    this.now += ms;
    if (this.#keptUntil <= this.now) this.loseRecord();
  }

  loseToken(): void {
    this.#token = undefined;
  }

  loseRecord(): void {
    this.#written = undefined;
    this.#isOfBeforeGroupPurge = false;
  }

  /** What is remembered of the key, as it is after the last purge of the group. */
  get #remembered(): Remembered | undefined {
    const purge = this.#groupPurge;
    if (!purge || !this.#isOfBeforeGroupPurge) return this.#written;
    return { newest: purge, voided: purge, failures: 0, invalidated: true };
  }

  /** What is written goes in place of all that the last purge of the group voided. */
  set #remembered(remembered: Remembered) {
    this.#written = remembered;
    this.#isOfBeforeGroupPurge = false;
    if ((this.#token?.place ?? 0) <= (this.#groupPurge?.place ?? 0)) this.#token = undefined;
  }

  /** What is remembered, or what a key is known by that was never written. */
  get #known(): Remembered {
    const newest = this.#groupPurge ?? { place: 0, at: -Infinity };
    return this.#remembered ?? { newest, voided: this.#groupPurge, failures: 0, invalidated: false };
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

  /** A lease that ends later than it could was granted before the clock was set back, and is over. */
  #liveHolder(): Remembered['holder'] {
    const holder = this.#remembered?.holder;
    const leftMs = (holder?.endsAt ?? 0) - this.now;
    return holder && leftMs > 0 && leftMs <= holder.leaseMs ? holder : undefined;
  }

  #isVoid({ place }: ModelFence): boolean {
    return place <= (this.voidedUpTo?.place ?? 0);
  }

  #nextFence(): ModelFence {
    const known = [this.#known.newest.at, this.token?.at ?? -Infinity];
    const { place } = this.#newest;
    return (this.#newest = { place: place + 1, at: Math.max(this.now, ...known) });
  }
}

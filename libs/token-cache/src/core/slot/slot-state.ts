import { type Cooldown, type Lease, type StoredToken } from '../contract/token-store.js';
import { NO_PACE, paceEndsAt, type RejectionPace } from './rejection-pace.js';

/** Everything about one key, for stores that are not scripts of a server. Instants are ms of the store's clock, 0 for what is not there. */
export interface Slot extends RejectionPace {
  /** Of the newest lease, purge or token. */
  readonly fence: number;
  /** The last fence that was published: no older one is ever published again, even after its token is gone. */
  readonly published: number;
  readonly payload: string;
  readonly tokenEndsAt: number;
  readonly nonce: string;
  readonly leaseEndsAt: number;
  /** Of the last lease, as it was granted or renewed; 0 in a record of an older version. */
  readonly leaseMs: number;
  readonly error: string;
  readonly cooldownEndsAt: number;
  /** The only process that the cool-down binds; empty when it binds the fleet. */
  readonly coolingProcess: string;
  readonly failures: number;
  /** 1 from a mark or a purge until the next token. A token whose generation is `rejected` is marked meanwhile. */
  readonly invalidated: number;
  /** Up to this fence everything was purged, or was rejected and replaced; 0 also where a process of an older version purged. */
  readonly voided: number;
  /** The last purge of its group when this was written; 0 for none. */
  readonly groupPurge: number;
}

/** The answer to one step of the protocol, and the slot as it is from now on if the step changes it. */
export interface Step<Answer> {
  readonly answer: Answer;
  readonly slot?: Slot;
}

export const NOTHING: Slot = {
  fence: 0,
  published: 0,
  payload: '',
  tokenEndsAt: 0,
  nonce: '',
  leaseEndsAt: 0,
  leaseMs: 0,
  error: '',
  cooldownEndsAt: 0,
  coolingProcess: '',
  failures: 0,
  invalidated: 0,
  voided: 0,
  groupPurge: 0,
  ...NO_PACE,
};

/** What the fields of the lease are in a slot without one. */
export const NO_LEASE = { nonce: NOTHING.nonce, leaseEndsAt: NOTHING.leaseEndsAt, leaseMs: NOTHING.leaseMs };

/** A record outlives everything in it by a day, so that fences still rise when the store's clock is set back by less than that. */
export const KEPT_LONGER_MS = 24 * 60 * 60 * 1000;

/** Until when a slot that was written now must be kept. */
export function keptUntil(slot: Slot, now: number): number {
  const { tokenEndsAt, leaseEndsAt, cooldownEndsAt } = slot;
  return KEPT_LONGER_MS + Math.max(now, tokenEndsAt, leaseEndsAt, cooldownEndsAt, paceEndsAt(slot));
}

export function tokenOf({ published, payload, tokenEndsAt }: Slot, now: number): StoredToken | undefined {
  // Rounded down: no process may believe that a token lives longer than it does.
  const ttlMs = Math.floor(tokenEndsAt - now);
  return ttlMs > 0 ? { fence: published, payload, ttlMs } : undefined;
}

export function cooldownOf({ error, cooldownEndsAt, coolingProcess }: Slot, now: number): Cooldown | undefined {
  const remainingMs = Math.ceil(cooldownEndsAt - now);
  if (remainingMs <= 0) return undefined;
  return { error, remainingMs, ...(coolingProcess !== '' && { process: coolingProcess }) };
}

/** Whether a lease is live. One that ends later than it could is of a clock that was set back since. */
export function isLeased({ leaseEndsAt, leaseMs }: Slot, now: number): boolean {
  return leaseEndsAt > now && (leaseMs === 0 || leaseEndsAt <= now + leaseMs);
}

/** Whether that lease is the last one, and was neither committed nor released. */
export function holds(slot: Slot, { nonce, fence }: Lease): boolean {
  return slot.nonce === nonce && slot.fence === fence;
}

/** Whether the token that was published last is marked as rejected. */
export function isMarked({ invalidated, rejected, published }: Slot): boolean {
  return invalidated === 1 && rejected === published;
}

/** The fence up to which everything was purged or rejected, be it replaced since. */
export function voidedUpTo({ voided, invalidated, rejected, fence }: Slot): number {
  if (invalidated === 0) return voided;
  // A process of an older version purged, and did not write the fence down: nothing of before the newest one is trusted.
  return voided === 0 && rejected === 0 ? fence - 1 : Math.max(voided, rejected);
}

/** An instant that still is a whole number, whatever life was given. */
export function after(now: number, ms: number): number {
  return Math.min(now + ms, Number.MAX_SAFE_INTEGER);
}

/** The store's time in us, which fences are taken from. */
export function inUs(now: number): number {
  return Math.floor(now * 1000);
}

/** The end of this millisecond, in us: whatever else was granted within it lies below. */
export function endOfMsInUs(now: number): number {
  return inUs(now) + 999;
}

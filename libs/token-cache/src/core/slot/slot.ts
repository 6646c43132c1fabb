import {
  type Acquired,
  type Attempt,
  type Committed,
  type Cooldown,
  type Lease,
  type Peeked,
  type Rejection,
  type RejectionVerdict,
  type StoredToken,
} from '../contract/token-store.js';
import { NO_PACE, paceEndsAt, paceRejection, type RejectionPace } from './rejection-pace.js';

/** Everything about one key, for stores that are not scripts of a server. Instants are ms of the store's clock, 0 for what is not there. */
export interface Slot extends RejectionPace {
  /** Of the newest lease or purge. */
  readonly fence: number;
  /** The last fence that was published: it is never published again, even after its token is gone. */
  readonly published: number;
  readonly payload: string;
  readonly tokenEndsAt: number;
  readonly nonce: string;
  readonly leaseEndsAt: number;
  readonly error: string;
  readonly cooldownEndsAt: number;
  readonly failures: number;
  /** 1 from a mark or a purge until the next commit. A token whose generation is `rejected` is marked meanwhile. */
  readonly invalidated: number;
}

/** The answer to one step of the protocol, and the slot as it is from now on if the step changes it. */
export interface Step<Answer> {
  readonly answer: Answer;
  readonly slot?: Slot;
}

const NOTHING: Slot = {
  fence: 0,
  published: 0,
  payload: '',
  tokenEndsAt: 0,
  nonce: '',
  leaseEndsAt: 0,
  error: '',
  cooldownEndsAt: 0,
  failures: 0,
  invalidated: 0,
  ...NO_PACE,
};

/** A record outlives everything in it by a day, so that fences still rise when the store's clock is set back by less than that. */
export const KEPT_LONGER_MS = 24 * 60 * 60 * 1000;

/** Until when a slot that was written now must be kept. */
export function keptUntil(slot: Slot, now: number): number {
  const { tokenEndsAt, leaseEndsAt, cooldownEndsAt } = slot;
  return KEPT_LONGER_MS + Math.max(now, tokenEndsAt, leaseEndsAt, cooldownEndsAt, paceEndsAt(slot));
}

export function peek(slot: Slot | undefined, now: number): Step<Peeked> {
  if (!slot) return { answer: { isRejected: false } };
  const token = tokenOf(slot, now);
  return { answer: { token, isRejected: token !== undefined && isMarked(slot), cooldown: cooldownOf(slot, now) } };
}

export function acquire(slot: Slot = NOTHING, attempt: Attempt, now: number): Step<Acquired> {
  const { nonce, leaseMs, minTtlMs, refusedGeneration } = attempt;
  const valid = tokenOf(slot, now);
  const serves = valid && !isMarked(slot) && valid.fence !== refusedGeneration;
  const token = serves ? valid : undefined;
  const rejected = serves ? undefined : valid;
  if (token && token.ttlMs > minTtlMs) return { answer: { outcome: 'hit', token } };

  const cooldown = cooldownOf(slot, now);
  const isHeld = slot.leaseEndsAt > now;
  const isTaken = isHeld && slot.nonce !== nonce;
  if (token && (cooldown || isTaken)) return { answer: { outcome: 'hit', token } };
  if (cooldown) return { answer: { outcome: 'cooling', cooldown, rejected } };
  if (isTaken) return { answer: { outcome: 'wait', leaseEndsInMs: Math.ceil(slot.leaseEndsAt - now), rejected } };

  const fence = isHeld ? slot.fence : Math.max(slot.fence + 1, Math.floor(now * 1000));
  return {
    answer: {
      outcome: 'lease',
      lease: { nonce, fence, leaseMs },
      reason: reasonOf(slot, valid),
      failures: slot.failures,
      published: slot.published || undefined,
      token,
      rejected,
    },
    slot: { ...slot, fence, nonce, leaseEndsAt: after(now, leaseMs) },
  };
}

export function renew(slot: Slot | undefined, lease: Lease, now: number): Step<boolean> {
  if (!slot || !holds(slot, lease)) return { answer: false };
  return { answer: true, slot: { ...slot, leaseEndsAt: after(now, lease.leaseMs) } };
}

export function commit(
  slot: Slot | undefined,
  lease: Lease,
  payload: string,
  ttlMs: number,
  now: number,
): Step<Committed> {
  const { fence } = lease;
  const token = slot && tokenOf(slot, now);
  if (token?.fence === fence) return { answer: { outcome: 'duplicate' } };
  if (slot ? slot.fence > fence || slot.published >= fence : isStale(lease, now)) {
    return { answer: { outcome: 'superseded', token: token && token.fence > fence ? token : undefined } };
  }
  return {
    answer: { outcome: 'stored' },
    slot: {
      ...NOTHING,
      ...paceOf(slot),
      fence,
      published: fence,
      payload,
      tokenEndsAt: after(now, ttlMs - lateMs(lease, now)),
    },
  };
}

export function fail(slot: Slot | undefined, lease: Lease, cooldown: Cooldown | undefined, now: number): Step<void> {
  if (!slot || !holds(slot, lease)) return { answer: undefined };
  const released = { ...slot, nonce: NOTHING.nonce, leaseEndsAt: NOTHING.leaseEndsAt };
  if (!cooldown) return { answer: undefined, slot: released };
  const { error, remainingMs } = cooldown;
  return {
    answer: undefined,
    slot: { ...released, error, cooldownEndsAt: after(now, remainingMs), failures: slot.failures + 1 },
  };
}

export function invalidate(slot: Slot | undefined, rejection: Rejection, now: number): Step<RejectionVerdict> {
  if (!slot || tokenOf(slot, now)?.fence !== rejection.generation || isMarked(slot)) return { answer: 'stale' };
  const { verdict, pace } = paceRejection(slot, rejection, now);
  if (!pace) return { answer: verdict };
  return { answer: verdict, slot: { ...slot, ...pace, invalidated: verdict === 'replaced' ? 1 : slot.invalidated } };
}

export function purge(slot: Slot = NOTHING, now: number): Step<number> {
  // The end of this millisecond: whatever else was granted within it is void as well.
  const fence = Math.max(slot.fence + 1, Math.floor(now * 1000) + 999);
  return { answer: fence, slot: { ...NOTHING, fence, invalidated: 1 } };
}

function tokenOf({ published, payload, tokenEndsAt }: Slot, now: number): StoredToken | undefined {
  // Rounded down: no process may believe that a token lives longer than it does.
  const ttlMs = Math.floor(tokenEndsAt - now);
  return ttlMs > 0 ? { fence: published, payload, ttlMs } : undefined;
}

function cooldownOf({ error, cooldownEndsAt }: Slot, now: number): Cooldown | undefined {
  const remainingMs = Math.ceil(cooldownEndsAt - now);
  return remainingMs > 0 ? { error, remainingMs } : undefined;
}

/** Whether the token that was published last is marked as rejected. */
function isMarked({ invalidated, rejected, published }: Slot): boolean {
  return invalidated === 1 && rejected === published;
}

function reasonOf(slot: Slot, valid: StoredToken | undefined): 'refresh' | 'invalidated' | 'miss' {
  if (valid && !isMarked(slot)) return 'refresh';
  return slot.invalidated ? 'invalidated' : 'miss';
}

function paceOf({ rejected, replacedAt, paceMs }: Slot = NOTHING): RejectionPace {
  return { rejected, replacedAt, paceMs };
}

function holds(slot: Slot, { nonce, fence }: Lease): boolean {
  return slot.nonce === nonce && slot.fence === fence;
}

/** What a commit took to arrive. */
function lateMs({ fence, sinceGrantMs = Infinity }: Lease, now: number): number {
  return Math.max(0, Math.ceil(now - fence / 1000 - sinceGrantMs));
}

function isStale({ fence, leaseMs }: Lease, now: number): boolean {
  return now * 1000 - fence > leaseMs * 1000;
}

/** An instant that still is a whole number, whatever life was given. */
function after(now: number, ms: number): number {
  return Math.min(now + ms, Number.MAX_SAFE_INTEGER);
}

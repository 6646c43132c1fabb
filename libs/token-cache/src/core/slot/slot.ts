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
import { isUnrecorded } from './group-purge.js';
import { paceRejection, type RejectionPace } from './rejection-pace.js';
import {
  after,
  cooldownOf,
  endOfMsInUs,
  holds,
  inUs,
  isLeased,
  isMarked,
  NO_LEASE,
  NOTHING,
  type Slot,
  type Step,
  tokenOf,
  voidedUpTo,
} from './slot-state.js';

export function peek(slot: Slot | undefined, now: number): Step<Peeked> {
  if (!slot) return { answer: { isRejected: false, voidedUpTo: 0 } };
  const token = tokenOf(slot, now);
  const isRejected = token !== undefined && isMarked(slot);
  return { answer: { token, isRejected, cooldown: cooldownOf(slot, now), voidedUpTo: voidedUpTo(slot) } };
}

export function acquire(slot: Slot = NOTHING, attempt: Attempt, now: number): Step<Acquired> {
  const { nonce, leaseMs, minTtlMs, refusedGeneration } = attempt;
  const valid = tokenOf(slot, now);
  const serves = valid && !isMarked(slot) && valid.fence !== refusedGeneration;
  const token = serves ? valid : undefined;
  const rejected = serves ? undefined : valid;
  const voided = voidedUpTo(slot);
  if (token && token.ttlMs > minTtlMs) return { answer: { outcome: 'hit', token, voidedUpTo: voided } };

  const cooldown = bindingOn(attempt.process, cooldownOf(slot, now));
  const isHeld = isLeased(slot, now);
  const isTaken = isHeld && slot.nonce !== nonce;
  if (token && (cooldown || isTaken)) return { answer: { outcome: 'hit', token, voidedUpTo: voided } };
  const notServed = { rejected, voidedUpTo: voided };
  const turnedAway = { ...notServed, answeredAtUs: inUs(now) };
  if (cooldown) return { answer: { outcome: 'cooling', cooldown, ...turnedAway } };
  if (isTaken) return { answer: { outcome: 'wait', leaseEndsInMs: Math.ceil(slot.leaseEndsAt - now), ...turnedAway } };

  const fence = isHeld ? slot.fence : Math.max(slot.fence + 1, inUs(now));
  return {
    answer: {
      outcome: 'lease',
      lease: { nonce, fence, leaseMs },
      leaseEndsInMs: isHeld ? Math.ceil(slot.leaseEndsAt - now) : leaseMs,
      reason: reasonOf(slot, valid),
      failures: slot.failures,
      published: slot.published || undefined,
      token,
      ...notServed,
    },
    // Its process may not hear that it has this lease, and would keep it from others with every attempt.
    slot: isHeld ? undefined : { ...slot, fence, nonce, leaseEndsAt: after(now, leaseMs), leaseMs },
  };
}

export function renew(slot: Slot | undefined, lease: Lease, now: number): Step<boolean> {
  if (!slot || !holds(slot, lease)) return { answer: false };
  const { leaseMs } = lease;
  return { answer: true, slot: { ...slot, leaseEndsAt: after(now, leaseMs), leaseMs } };
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
  if (slot && fence <= voidedUpTo(slot)) return { answer: { outcome: 'voided' } };
  if (token?.fence === fence) return { answer: { outcome: 'duplicate' } };
  const record = slot && !isUnrecorded(slot) ? slot : undefined;
  if (record ? record.fence > fence || record.published >= fence : isStale(lease, now)) {
    return { answer: { outcome: 'superseded', token: token && token.fence > fence ? token : undefined } };
  }
  return {
    answer: { outcome: 'stored' },
    slot: {
      ...NOTHING,
      ...paceOf(slot),
      voided: slot ? voidedUpTo(slot) : NOTHING.voided,
      fence,
      published: fence,
      payload,
      tokenEndsAt: after(now, ttlMs - lateMs(lease, now)),
    },
  };
}

/** Answers whether the lease was still ours. */
export function fail(slot: Slot | undefined, lease: Lease, cooldown: Cooldown | undefined, now: number): Step<boolean> {
  if (!slot || !holds(slot, lease)) return { answer: false };
  const released = { ...slot, ...NO_LEASE };
  if (!cooldown) return { answer: true, slot: released };
  const { error, remainingMs } = cooldown;
  return {
    answer: true,
    slot: {
      ...released,
      error,
      cooldownEndsAt: after(now, remainingMs),
      coolingProcess: onlyBound(cooldown, cooldownOf(slot, now)),
      failures: slot.failures + 1,
    },
  };
}

export function invalidate(slot: Slot | undefined, rejection: Rejection, now: number): Step<RejectionVerdict> {
  if (!slot || tokenOf(slot, now)?.fence !== rejection.generation || isMarked(slot)) return { answer: 'stale' };
  const { verdict, pace } = paceRejection(slot, rejection, now);
  if (!pace) return { answer: verdict };
  return { answer: verdict, slot: { ...slot, ...pace, invalidated: verdict === 'replaced' ? 1 : slot.invalidated } };
}

export function purge(slot: Slot = NOTHING, now: number): Step<number> {
  const fence = Math.max(slot.fence + 1, endOfMsInUs(now));
  return { answer: fence, slot: { ...NOTHING, fence, voided: fence, invalidated: 1 } };
}

/** The cool-down if it binds that process; a caller that does not say which it is, is bound by every one. */
function bindingOn(process: string | undefined, cooldown: Cooldown | undefined): Cooldown | undefined {
  const isPassedOver = process !== undefined && cooldown?.process !== undefined && cooldown.process !== process;
  return isPassedOver ? undefined : cooldown;
}

/** The process that a new cool-down binds alone: none, where one lasts that is not its own. */
function onlyBound({ process = '' }: Cooldown, lasting: Cooldown | undefined): string {
  return lasting && lasting.process !== process ? NOTHING.coolingProcess : process;
}

function reasonOf(slot: Slot, valid: StoredToken | undefined): 'refresh' | 'invalidated' | 'miss' {
  if (valid && !isMarked(slot)) return 'refresh';
  return slot.invalidated ? 'invalidated' : 'miss';
}

function paceOf({ rejected, replacedAt, paceMs }: Slot = NOTHING): RejectionPace {
  return { rejected, replacedAt, paceMs };
}

/** What a commit took to arrive. */
function lateMs({ fence, sinceGrantMs = Infinity }: Lease, now: number): number {
  return Math.max(0, Math.ceil(now - fence / 1000 - sinceGrantMs));
}

function isStale({ fence, leaseMs }: Lease, now: number): boolean {
  return now * 1000 - fence > leaseMs * 1000;
}

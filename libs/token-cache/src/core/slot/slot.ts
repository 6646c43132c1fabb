import {
  type Acquired,
  type Attempt,
  type Committed,
  type Cooldown,
  type Lease,
  type Peeked,
  type StoredToken,
} from '../contract/token-store.js';

/** Everything about one key, for stores that are not scripts of a server. Instants are ms of the store's clock, 0 for what is not there. */
export interface Slot {
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
  /** 1 from invalidate or purge until the next commit. */
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
};

/** Longer than any lease plus the life of a token, so that a late commit still finds what replaced it. */
const KEEP_MS = 25 * 60 * 60 * 1000;

/** Until when a slot that was written now must be kept. */
export function keptUntil({ tokenEndsAt, leaseEndsAt, cooldownEndsAt }: Slot, now: number): number {
  return Math.max(now + KEEP_MS, tokenEndsAt, leaseEndsAt, cooldownEndsAt);
}

export function peek(slot: Slot | undefined, now: number): Step<Peeked> {
  const token = slot && tokenOf(slot, now);
  const cooldown = slot && cooldownOf(slot, now);
  return { answer: { ...(token && { token }), ...(cooldown && { cooldown }) } };
}

export function acquire(slot: Slot = NOTHING, { nonce, leaseMs, minTtlMs }: Attempt, now: number): Step<Acquired> {
  const token = tokenOf(slot, now);
  if (token && token.ttlMs > minTtlMs) return { answer: { outcome: 'hit', token } };

  const cooldown = cooldownOf(slot, now);
  if (cooldown) return { answer: token ? { outcome: 'hit', token } : { outcome: 'cooling', cooldown } };

  const isHeld = slot.leaseEndsAt > now;
  if (isHeld && slot.nonce !== nonce) {
    return {
      answer: token ? { outcome: 'hit', token } : { outcome: 'wait', leaseEndsInMs: Math.ceil(slot.leaseEndsAt - now) },
    };
  }

  const fence = isHeld ? slot.fence : Math.max(slot.fence + 1, Math.floor(now * 1000));
  const reason = token ? 'refresh' : slot.invalidated ? 'invalidated' : 'miss';
  const lease: Lease = { nonce, fence, leaseMs };
  const { failures, published } = slot;
  return {
    answer: { outcome: 'lease', lease, reason, failures, ...(published && { published }), ...(token && { token }) },
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
    return { answer: { outcome: 'superseded', ...(token && token.fence > fence && { token }) } };
  }
  return {
    answer: { outcome: 'stored' },
    slot: { ...NOTHING, fence, published: fence, payload, tokenEndsAt: after(now, ttlMs - lateMs(lease, now)) },
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

export function invalidate(slot: Slot | undefined, generation: number, now: number): Step<boolean> {
  if (!slot || tokenOf(slot, now)?.fence !== generation) return { answer: false };
  return {
    answer: true,
    slot: { ...slot, payload: NOTHING.payload, tokenEndsAt: NOTHING.tokenEndsAt, invalidated: 1 },
  };
}

export function purge(slot: Slot = NOTHING, now: number): Step<number> {
  // The end of this millisecond: whatever else was granted within it is void as well.
  const fence = Math.max(slot.fence + 1, Math.floor(now * 1000) + 999);
  return { answer: fence, slot: { ...NOTHING, fence, invalidated: 1 } };
}

function tokenOf({ published, payload, tokenEndsAt }: Slot, now: number): StoredToken | undefined {
  // Rounded down: nobody may believe that a token lives longer than it does.
  const ttlMs = Math.floor(tokenEndsAt - now);
  return ttlMs > 0 ? { fence: published, payload, ttlMs } : undefined;
}

function cooldownOf({ error, cooldownEndsAt }: Slot, now: number): Cooldown | undefined {
  const remainingMs = Math.ceil(cooldownEndsAt - now);
  return remainingMs > 0 ? { error, remainingMs } : undefined;
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

import { type Rejection, type RejectionVerdict } from '../contract/token-store.js';

/** The last rejection that was granted, 0 in each field where there was none. Instants are ms of the caller's clock. */
export interface RejectionPace {
  readonly rejected: number;
  readonly replacedAt: number;
  readonly paceMs: number;
}

export interface PacedRejection {
  readonly verdict: RejectionVerdict;
  /** The pace from now on, if the rejection was granted. */
  readonly pace?: RejectionPace;
}

/** The pace of a key whose tokens were never rejected. */
export const NO_PACE: RejectionPace = { rejected: 0, replacedAt: 0, paceMs: 0 };

/**
 * Decides about a rejection of the current, unmarked token. One is granted when the pace has passed since the last grant;
 * a grant that follows closely doubles the pace, so that an upstream which refuses every token costs ever fewer mints.
 */
export function paceRejection(last: RejectionPace, rejection: Rejection, now: number): PacedRejection {
  const { generation, paceMs, maxPaceMs, isContested } = rejection;
  const elapsedMs = elapsedSince(last, now);
  if (elapsedMs < (isContested ? maxPaceMs : last.paceMs)) {
    // The early refresh of a contested token is granted already, and this caller may share in it.
    return { verdict: last.rejected === generation ? 'stale' : 'held' };
  }
  const followsClosely = elapsedMs <= 2 * last.paceMs;
  return {
    verdict: isContested ? 'contested' : 'replaced',
    pace: {
      rejected: generation,
      replacedAt: now,
      paceMs: followsClosely ? Math.min(Math.max(2 * last.paceMs, paceMs), maxPaceMs) : paceMs,
    },
  };
}

/** Until when a pace says anything: after that a rejection is treated as the first one. */
export function paceEndsAt({ replacedAt, paceMs }: RejectionPace): number {
  return replacedAt + 2 * paceMs;
}

/** An instant that lies ahead was written before the clock was set back, and says nothing. */
function elapsedSince({ rejected, replacedAt }: RejectionPace, now: number): number {
  return rejected === 0 || replacedAt > now ? Infinity : now - replacedAt;
}

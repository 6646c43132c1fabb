import { type Moment } from '../contract/moment.js';
import { numberOf } from './number-of.js';

/** When a request for a token was sent, and when its answer was there. */
export interface Exchange {
  readonly sent: Moment;
  readonly arrived: Moment;
}

/** What a token says of its own time, in epoch ms by the clock of its server. */
export interface TokenTimes {
  readonly beginsAt?: number;
  readonly endsAt: number;
}

const DAY_MS = 86_400_000;
/** By how much the clocks of the machines of one server may differ. */
const TOLERANCE_MS = 60_000;

/**
 * The time by the server's clock, in epoch ms: what its answer says, or what this machine's clock does where that is missing or
 * absurd. It is never early, so that no life is taken for longer than it is.
 */
export function serverTimeOf(answeredAt: unknown, exchange: Exchange, times: TokenTimes, maxLifeMs: number): number {
  const stated = numberOf(answeredAt);
  const { sent, arrived } = exchange;
  const isStated = stated !== undefined && isPlausible(stated, arrived.wallAt, times, maxLifeMs);
  const now = isStated ? withinTheSecond(stated, arrived.wallAt) : sent.wallAt;
  // The server's clock cannot stand before the token's own beginning.
  return Math.max(now, times.beginsAt ?? -Infinity);
}

/** Not before the token's own beginning; and near this machine's clock, or else within the life of the token. */
function isPlausible(stated: number, localAt: number, { beginsAt, endsAt }: TokenTimes, maxLifeMs: number): boolean {
  if (stated < (beginsAt ?? 0) - TOLERANCE_MS) return false;
  const isWithinLife = stated >= (beginsAt ?? endsAt - maxLifeMs) - TOLERANCE_MS && stated < endsAt;
  return isWithinLife || Math.abs(stated - localAt) <= DAY_MS;
}

/** A `Date` has whole seconds. The clock of this machine tells the rest if it shows the same second; else the end of it is assumed. */
function withinTheSecond(stated: number, localAt: number): number {
  if (stated % 1_000 !== 0) return stated;
  return localAt >= stated && localAt < stated + 1_000 ? localAt : stated + 999;
}

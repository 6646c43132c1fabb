import { type TokenPolicy } from '../config/policy.js';
import { after, earlier, isOver, type Moment } from '../contract/moment.js';
import { type FormerToken } from '../contract/token-content.js';
import { type MintedToken } from '../contract/token-source.js';
import { jwtTimes } from './jwt-times.js';
import { numberOf } from './number-of.js';
import { type Exchange, serverTimeOf } from './server-clock.js';

/** The margin never takes more than this part of a token's life. */
const MARGIN_SHARE = 0.1;
/** The refresh window never takes more than this part of a token's life. */
const REFRESH_SHARE = 0.2;
/** The least part of the refresh window over which refreshes are spread. */
const JITTER_SHARE = 0.25;

export interface TokenLife {
  /** From the moment the request for it was sent to its expiry; 0 or less when it is over. */
  readonly lifeMs: number;
  /** Hard expiry. */
  readonly ends: Moment;
  /** How long before hard expiry it is refreshed. */
  readonly refreshWindowMs: number;
}

/**
 * How long a token may be used: the smallest of all that is known of its remaining life, counted from before its request was sent.
 *
 * @param former the token that was held before. Given again while it still serves, it ends no later than it did; and a refresh
 *   of it brings nothing, so that none is tried early
 */
export function lifeOf(
  minted: MintedToken,
  policy: TokenPolicy,
  exchange: Exchange,
  former: FormerToken | undefined,
  random: () => number,
): TokenLife {
  const lifeMs = Math.min(statedLifeMs(minted, policy, exchange), policy.maxLifeMs);
  const usableMs = lifeMs - Math.min(policy.safetyMarginMs, lifeMs * MARGIN_SHARE);
  const ends = after(exchange.sent, usableMs);
  if (former?.accessToken !== minted.accessToken) {
    return { lifeMs, ends, refreshWindowMs: refreshWindowMs(lifeMs, policy, random) };
  }
  const isBirth = isOver(former.ends, exchange.arrived);
  return { lifeMs, ends: isBirth ? ends : earlier(ends, former.ends), refreshWindowMs: 0 };
}

/** The least of what the answer and the token say; a guess of the policy where both say nothing. */
function statedLifeMs(minted: MintedToken, policy: TokenPolicy, exchange: Exchange): number {
  const jwt = jwtTimes(minted.accessToken);
  const endsAt = least([stated(minted.expiresAt, policy), jwt.endsAt]);
  const known = [stated(minted.expiresInMs, policy)];
  if (endsAt !== undefined) {
    const times = { beginsAt: jwt.beginsAt, endsAt };
    known.push(endsAt - serverTimeOf(minted.answeredAt, exchange, times, policy.maxLifeMs));
  }
  return least(known) ?? policy.missingExpiryMs;
}

/** What an answer states of the end of its token, without end where 0 means that. */
function stated(value: unknown, { zeroExpiry }: TokenPolicy): number | undefined {
  const number = numberOf(value);
  return number !== undefined && number <= 0 && zeroExpiry === 'never' ? Infinity : number;
}

/** Spread over all of the window but the time that a refresh may take, so that tokens minted together are not refreshed together. */
function refreshWindowMs(lifeMs: number, policy: TokenPolicy, random: () => number): number {
  const windowMs = Math.min(policy.refreshWindowMs, lifeMs * REFRESH_SHARE);
  const jitterMs = Math.max(windowMs - policy.mintTimeoutMs - policy.leaseMs, windowMs * JITTER_SHARE);
  return Math.floor(windowMs - jitterMs * random());
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}

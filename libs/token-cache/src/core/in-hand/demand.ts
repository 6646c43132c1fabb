import { type HeldToken, isRefused } from '../contract/held-token.js';
import { leftMs, type Moment } from '../contract/moment.js';
import { TokenLifeTooShortError } from '../contract/token-cache.errors.js';

/** What a caller asks of a token beyond being valid. */
export interface Demand {
  /** The generation that an upstream refused. */
  readonly refusedGeneration?: number | undefined;
  /** How long the token must still be valid when it is given. @defaultValue 0 */
  readonly minLifeMs?: number | undefined;
}

/**
 * The part of a fresh token's life that a caller may ask for. Near the whole of it every call would need a token of its own; so a source
 * is asked for this reason at most once in a tenth of the life of its tokens.
 */
const MOST_OF_A_LIFE = 0.9;

/** Whether the caller can do with that token. */
export function serves(held: HeldToken, demand: Demand, now: Moment): boolean {
  return !isRefused(held, demand.refusedGeneration) && livesLongEnough(held, demand, now);
}

/** Whether that token is valid for as long as the caller asks, by both clocks. */
export function livesLongEnough({ ends }: HeldToken, { minLifeMs = 0 }: Demand, now: Moment): boolean {
  return minLifeMs === 0 || leftMs(ends, now) >= minLifeMs;
}

/** The error of a caller that a successor of that token would not serve either, going by the life that this one had when it was minted. */
export function hopelessness(
  { token, lifeMs }: HeldToken,
  { minLifeMs = 0 }: Demand,
): TokenLifeTooShortError | undefined {
  if (lifeMs === undefined || minLifeMs <= lifeMs * MOST_OF_A_LIFE) return undefined;
  return new TokenLifeTooShortError(token.integration, lifeMs, minLifeMs);
}

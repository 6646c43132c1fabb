import { DEFAULT_POLICY } from '@mintonce/token-cache';
import { type Counts, NOTHING } from './counts.js';

/*
 * How often what happens to one key. `processes` are all that subscribe: each hears every event, whatever it has in hand.
 * `holders` are those of them that have the key in hand, or ask for it.
 */

/** A key that nobody has is asked for by its holders at once: one mints, the others wait, hear of the token and fetch it. */
export function coldStart(processes: number, holders: number): Counts {
  const waiting = holders - 1;
  const published = waiting > 0 ? 1 : 0;
  return { ...NOTHING, acquires: 1 + 2 * waiting, commits: 1, published, delivered: published * processes };
}

/**
 * A token in its refresh window: one holder mints, and the others take the new token. None of them waits, so that nothing is published.
 *
 * @param asks of each other holder: 1 if it is first asked for the token after the mint, and one more for each third of the lease
 *   that a mint lasts if it is asked meanwhile
 */
export function refresh(holders: number, asks: number): Counts {
  return { ...NOTHING, acquires: 1 + (holders - 1) * asks, commits: 1 };
}

/** The most that a holder asks in a refresh. */
export function mostAsks(mintMs: number, { leaseMs } = DEFAULT_POLICY): number {
  return 1 + Math.ceil(mintMs / (leaseMs / 3));
}

/** A token that one process reports as rejected: all hear of it, and then it is as with a key that nobody has. */
export function rejection(processes: number, holders: number): Counts {
  const { acquires, commits, published, delivered } = coldStart(processes, holders);
  return { acquires, commits, invalidates: 1, published: published + 1, delivered: delivered + processes };
}

/** The channel of events comes back: what a holder has in hand may have been purged unheard, so that it asks once more for it. */
export function reconnection(holders: number): Counts {
  return { ...NOTHING, acquires: holders };
}

/** From the mint of a token to its refresh, in the mean: by the least and the longest refresh window, between which chance decides. */
export function refreshAfterMs(lifeMs: number, policy = DEFAULT_POLICY): number {
  const { leastMs, longestMs } = refreshWindow(lifeMs, policy);
  return lifeMs - Math.min(policy.safetyMarginMs, lifeMs / 10) - (leastMs + longestMs) / 2;
}

/** Over how many ms the refreshes of tokens are spread that were minted at once. */
export function refreshSpreadMs(lifeMs: number, policy = DEFAULT_POLICY): number {
  const { leastMs, longestMs } = refreshWindow(lifeMs, policy);
  return longestMs - leastMs;
}

function refreshWindow(
  lifeMs: number,
  { refreshWindowMs, mintTimeoutMs, leaseMs }: typeof DEFAULT_POLICY,
): { readonly leastMs: number; readonly longestMs: number } {
  const longestMs = Math.min(refreshWindowMs, lifeMs / 5);
  return { leastMs: Math.min(mintTimeoutMs + leaseMs, (longestMs * 3) / 4), longestMs };
}

/** The part of all processes that has any key of a bucket in hand, were keys dealt out to so many buckets. */
export function interested(keysInHand: number, buckets: number): number {
  return 1 - (1 - 1 / buckets) ** keysInHand;
}

/** Connections of one process to all servers: its client has one to each, and events arrive on one of their own. */
export function connectionsOf(masters: number): number {
  return masters + 1;
}

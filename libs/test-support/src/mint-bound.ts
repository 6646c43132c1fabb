/** What may cost a mint besides the end of a life, each kind with its count. */
export type MintTerms = Readonly<Record<string, number>>;

/** The second promise, reckoned for one run. */
export interface MintBound<Terms = MintTerms> {
  /** Calls of the token endpoint. */
  readonly calls: number;
  readonly lifetimes: number;
  readonly terms: Terms;
  /** The most calls that the promise allows. */
  readonly bound: number;
  readonly holds: boolean;
}

/** One call for each lifetime, and one for each event that may cost another. */
export function mintBound<Terms extends { readonly [Term in keyof Terms]: number }>(
  calls: number,
  lifetimes: number,
  terms: Terms,
): MintBound<Terms> {
  const bound = lifetimes + Object.values<number>(terms).reduce((sum, count) => sum + count, 0);
  return { calls, lifetimes, terms, bound, holds: calls <= bound };
}

/** The margin takes a tenth of a life at most and the refresh window a fifth: nothing replaces a sound token sooner. */
const LEAST_SHARE = 0.7;

/** How long a token serves at least, from the request for it on. */
export function leastServiceMs(lifetimeMs: number): number {
  return LEAST_SHARE * lifetimeMs;
}

/** A life is counted from before its request was sent, and a busy machine takes this long to bring it to the server. */
const TRANSIT_MS = 500;

/** Lifetimes that calls can have begun: each begins no sooner than `serviceMs` after the one before. */
export function lifetimesBegunBy(callsStartedAt: readonly number[], serviceMs: number): number {
  let lifetimes = 0;
  let beganAt = -Infinity;
  for (const startedAt of callsStartedAt.toSorted((a, b) => a - b)) {
    if (startedAt - beganAt < serviceMs - TRANSIT_MS) continue;
    lifetimes++;
    beganAt = startedAt;
  }
  return lifetimes;
}

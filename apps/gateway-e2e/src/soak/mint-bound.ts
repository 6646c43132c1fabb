/** Everything that may cost a mint besides the end of a life: the terms of the bound, each one counted. */
export interface MintTerms {
  readonly failed: number;
  /** Mints whose lease another took over meanwhile, or that were voided. */
  readonly superseded: number;
  /** Mints that the store could not be told of. */
  readonly local: number;
  /** Rejections that were granted: rejected tokens that were replaced, and contested ones that were refreshed early. */
  readonly replacements: number;
  readonly purges: number;
  /** Leases that died with their worker. */
  readonly kills: number;
  /** Leases and tokens that the store lost. */
  readonly historiesLost: number;
}

export interface MintBound {
  readonly calls: number;
  /** Lives that began when the one before was over, or had come to the window in which it is refreshed. */
  readonly lifetimes: number;
  readonly terms: MintTerms;
  readonly bound: number;
  readonly holds: boolean;
}

/** The way of a request to the identity provider, on a busy machine: a life is counted from before it was sent. */
const TRANSIT_MS = 500;

/**
 * Holds the identity provider's own count against the bound: one call per lifetime, and one for each term. A lifetime
 * begins with a call that comes no sooner than `leastLifeMs` after the begin of the one before.
 */
export function mintBound(callsStartedAt: readonly number[], leastLifeMs: number, terms: MintTerms): MintBound {
  let lifetimes = 0;
  let beganAt = -Infinity;
  for (const startedAt of callsStartedAt.toSorted((a, b) => a - b)) {
    if (startedAt - beganAt < leastLifeMs - TRANSIT_MS) continue;
    lifetimes++;
    beganAt = startedAt;
  }
  const bound = lifetimes + Object.values(terms).reduce((sum: number, count: number) => sum + count, 0);
  return { calls: callsStartedAt.length, lifetimes, terms, bound, holds: callsStartedAt.length <= bound };
}

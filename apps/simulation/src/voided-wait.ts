import { type KeyTruth } from './store-truth.js';

/** A caller that waited in vain for a token of one key. */
export interface VainWait {
  readonly since: number;
  readonly until: number;
  /** Tokens of this generation, and older ones, do not serve the caller. */
  readonly above: number;
  /** How long its token must still be valid when it is given; 0 for any valid one. */
  readonly minLifeMs: number;
  /** The longest that a token which is shared is no news to a process that waits. */
  readonly hearingMs: number;
  /** The longest that a mint of a working source takes. */
  readonly mintMs: number;
  /** How many mints it may take, one after another, until one succeeds. */
  readonly mints: number;
}

/**
 * Whether purges and rejections left no time to serve a caller. No token was shared for long enough to be heard of, and the
 * mints that it takes after the last purge or rejection may not be over.
 */
export function wasVoidedMeanwhile(
  { published, marks, purgedAt }: Pick<KeyTruth, 'published' | 'marks' | 'purgedAt'>,
  { since, until, above, minLifeMs, hearingMs, mintMs, mints }: VainWait,
): boolean {
  const markedAfter = (fence: number): number[] =>
    [...marks].flatMap(([generation, { at }]) => (generation > fence ? [at] : []));
  const wasToBeHad = published.some(({ fence, storedAt, ttlMs }) => {
    // A mark voids what is older as well.
    const endedAt = Math.min(
      until,
      storedAt + ttlMs - minLifeMs,
      ...purgedAt.filter((at) => at > storedAt),
      ...markedAfter(fence - 1),
    );
    return fence > above && endedAt - Math.max(storedAt, since) > hearingMs;
  });
  const voidedAt = [...purgedAt, ...markedAfter(above)].filter((at) => at > since && at <= until);
  const lastVoidAt = Math.max(...voidedAt);
  // Each mint begins once its process has heard of the void or of a failure, and the caller hears of the last one.
  const neededMs = mints * (hearingMs + mintMs) + hearingMs;
  return !wasToBeHad && until - lastVoidAt <= neededMs;
}

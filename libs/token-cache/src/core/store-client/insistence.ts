import { type Clock } from '../contract/clock.js';
import { pause } from '../contract/pause.js';

/** Within this, a Redis client with `giveUpWhenSilent` notices that its connection is dead, which takes up to 4 s, and has another. */
export const INSISTENCE_MS = 5_000;
/** A purge makes two, each of which may take as long as any other call. */
const ROUND_TRIPS = 2;
const PAUSE_MS = 250;

/**
 * Tries again and again until one try succeeds, for 5 s or as long as one try takes. The last try ends with that time. Also a refusal of
 * the store is tried again, as those of a lock and of a failover pass.
 *
 * @param timeoutMs for how long one round trip is waited for
 * @param attempt is told for how long it is waited for
 * @param closed ends it: nothing is tried any more
 */
export async function insist<T>(
  clock: Clock,
  timeoutMs: number,
  attempt: (withinMs: number) => Promise<T>,
  closed: AbortSignal,
): Promise<T> {
  const longestMs = ROUND_TRIPS * timeoutMs;
  const endsAt = clock.monotonic() + Math.max(INSISTENCE_MS, longestMs);
  const leftMs = (): number => Math.floor(endsAt - clock.monotonic());
  for (let withinMs = longestMs; ; withinMs = Math.min(longestMs, leftMs())) {
    try {
      return await attempt(withinMs);
    } catch (error) {
      if (closed.aborted || leftMs() < PAUSE_MS + timeoutMs) throw error;
    }
    await pause(clock, PAUSE_MS, closed);
  }
}

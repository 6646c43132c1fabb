import { type Clock } from '../contract/clock.js';

/** A connection that is dead without a sign is found out within this: two beats of 2 s of the gateway's client, and some. */
export const INSISTENCE_MS = 5_000;
/** A purge makes two, each of which may take as long as any other call. */
const ROUND_TRIPS = 2;
const PAUSE_MS = 250;

/**
 * Tries again and again until one try succeeds, for 5 s or as long as one try takes. The last try ends with that time. Also a refusal of
 * the store is tried again, as those of a lock and of a failover pass.
 *
 * @param timeoutMs for how long one round trip is waited for
 * @param pause may end sooner than it is told, where there is no sense in another try
 * @param attempt is told for how long it is waited for
 * @param isOver whether nothing is tried any more
 */
export async function insist<T>(
  clock: Clock,
  timeoutMs: number,
  pause: (ms: number) => Promise<void>,
  attempt: (withinMs: number) => Promise<T>,
  isOver: () => boolean,
): Promise<T> {
  const longestMs = ROUND_TRIPS * timeoutMs;
  const endsAt = clock.monotonic() + Math.max(INSISTENCE_MS, longestMs);
  const leftMs = (): number => Math.floor(endsAt - clock.monotonic());
  for (let withinMs = longestMs; ; withinMs = Math.min(longestMs, leftMs())) {
    try {
      return await attempt(withinMs);
    } catch (error) {
      if (isOver() || leftMs() < PAUSE_MS + timeoutMs) throw error;
    }
    await pause(PAUSE_MS);
  }
}

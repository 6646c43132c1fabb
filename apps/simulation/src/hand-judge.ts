import { type Caller, type Process } from './process.js';
import { disturbs } from './weather.js';
import { NETWORK_MS, Witness } from './witness.js';

/** What a process needs beyond the time limit of a store call. */
const SLACK_MS = 2;

/**
 * Judges that a process which holds a good token gives it away, whatever store and source do: after one store call at the
 * latest, and never an error instead.
 */
export class HandJudge extends Witness {
  /** The token that a process could give out now, as far as it has heard. */
  heldBy(process: Process, label: string): string | undefined {
    const { nearCache, requests } = this.world.weather;
    const mayBeEvicted = nearCache && (nearCache.maxEntries ?? Infinity) < requests;
    const token = process.inHand.get(label)?.accessToken;
    // What no other process has is kept, however many keys there are.
    const isShared = this.truthOf(label)?.published.some(({ accessToken }) => accessToken === token);
    // A newer one may have taken its place, and have ended sooner.
    const isOver =
      disturbs(this.world.weather, 'lives') && this.truthOf(label)?.published.at(-1)?.accessToken !== token;
    return (mayBeEvicted && isShared) || (isShared && isOver) ? undefined : token;
  }

  served(caller: Caller, waitedMs: number): void {
    const { storeTimeoutMs } = this.world.weather.policy;
    const name = 'nobody waits with a valid token in hand';
    this.verdict.expect(waitedMs <= storeTimeoutMs + SLACK_MS || !this.isStillGood(caller), name, () => {
      return `${caller.process.name} held ${caller.inHand} and took ${waitedMs.toFixed(1)} ms`;
    });
  }

  refused(caller: Caller, code: string): void {
    const name = 'nobody hears an error with a valid token in hand';
    this.verdict.expect(!this.isStillGood(caller), name, () => {
      return `${caller.process.name} held ${caller.inHand} and answered ${code}`;
    });
  }

  /** Valid by both clocks of its process for long enough to be given out, and neither purged nor rejected. */
  private isStillGood({ process, request: { label }, inHand }: Caller): boolean {
    const known = inHand === undefined ? undefined : this.world.idp.tokens.get(inHand);
    if (!known || !process.serves || this.wasVoided(label, known.accessToken)) return false;
    const steppedMs = Math.max(0, process.host.wallOffsetMs - (process.wallOffsetAt.get(known.accessToken) ?? 0));
    const { storeTimeoutMs } = this.world.weather.policy;
    return this.soonestEndOf(label, known) - steppedMs > this.now + NETWORK_MS + storeTimeoutMs;
  }
}

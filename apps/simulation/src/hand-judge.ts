import { type IssuedToken } from './book.js';
import { type Caller, type Process } from './process.js';
import { NETWORK_MS, Witness } from './witness.js';

/** What a process needs beyond the time limit of a store call. */
const SLACK_MS = 2;

/**
 * Judges that a process which holds a good token gives it away, whatever else is broken: after one store call at the latest,
 * and never an error instead. Good is what is valid by both clocks of the process and, as far as it has heard, neither purged
 * nor rejected.
 */
export class HandJudge extends Witness {
  /** The good token that a process could give out now, by what it answered last. */
  heldBy(process: Process, label: string): string | undefined {
    const accessToken = process.inHand.get(label)?.accessToken;
    return accessToken !== undefined && this.isInHand(process, label, accessToken) ? accessToken : undefined;
  }

  served(caller: Caller, waitedMs: number): void {
    const { storeTimeoutMs } = this.world.weather.policy;
    const name = 'nobody waits with a valid token in hand';
    this.verdict.expect(
      waitedMs <= storeTimeoutMs + SLACK_MS || !this.isStillHeld(caller),
      name,
      () => `${caller.process.name} held ${caller.inHand} and took ${waitedMs.toFixed(1)} ms`,
      aboutOf(caller),
    );
  }

  refused(caller: Caller, code: string): void {
    const name = 'nobody hears an error with a valid token in hand';
    this.verdict.expect(
      !this.isStillHeld(caller),
      name,
      () => `${caller.process.name} held ${caller.inHand} and answered ${code}`,
      aboutOf(caller),
    );
  }

  private isStillHeld({ process, request: { label }, inHand }: Caller): boolean {
    return inHand !== undefined && process.serves && this.isInHand(process, label, inHand);
  }

  /** Whether it is good, and so is whatever may have taken its place since. */
  private isInHand(process: Process, label: string, accessToken: string): boolean {
    const { tokens } = process.knowledgeOf(label);
    const own = tokens.get(accessToken);
    if (!own || this.mayBeEvicted(label, accessToken)) return false;
    const later = [...tokens].flatMap(([other, { at }]) => (at > own.at ? [other] : []));
    return [accessToken, ...later].every((each) => this.isGood(process, label, each));
  }

  private isGood(process: Process, label: string, accessToken: string): boolean {
    const learned = process.knowledgeOf(label).tokens.get(accessToken);
    const issued = this.world.idp.tokens.get(accessToken);
    if (!learned || !issued || this.isVoid(process, label, issued)) return false;
    const forwardMs = process.host.forwardMs - learned.forwardMs;
    const { storeTimeoutMs } = this.world.weather.policy;
    return learned.soonestEndAt - forwardMs > this.now + NETWORK_MS + storeTimeoutMs;
  }

  /** Whether the process has, or may have, heard that it was purged or rejected. */
  private isVoid(process: Process, label: string, { accessToken, askedAt }: IssuedToken): boolean {
    const { voids, ownPurges } = process.knowledgeOf(label);
    if (process.rejectedAt.has(accessToken)) return true;
    if (ownPurges.some(({ endedAt = this.now }) => askedAt <= endedAt)) return true;
    const oldest = Math.min(...this.generationsOf(label, accessToken));
    // A token that was never shared has no place among the fences.
    return voids.some(({ upTo, heardAt }) => (oldest < Infinity ? oldest <= upTo : askedAt <= heardAt));
  }

  /** What no other process has is kept, however many keys there are. */
  private mayBeEvicted(label: string, accessToken: string): boolean {
    const { nearCache, requests } = this.world.weather;
    const isSmall = nearCache !== false && (nearCache.maxEntries ?? Infinity) < requests;
    return isSmall && this.generationsOf(label, accessToken).length > 0;
  }
}

function aboutOf({ process, request: { label } }: Caller): { label: string; process: string } {
  return { label, process: process.name };
}

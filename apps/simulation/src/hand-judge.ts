import { type IssuedToken } from './book.js';
import { type Caller, type Process } from './process.js';
import { NETWORK_MS, Witness } from './witness.js';

/** What a process needs beyond the time limit of a store call. */
const SLACK_MS = 2;
/** The part of the usable life of a token that a refresh window may take: a fifth of its life, a tenth of which is the margin. */
const LONGEST_WINDOW = 0.2 / 0.9;

/**
 * Judges that a process which holds a good token gives it away, whatever else is broken: after one store call at the latest,
 * and never an error instead. Good is what is valid by both clocks of the process and, as far as it has heard, neither purged
 * nor rejected.
 */
export class HandJudge extends Witness {
  /** The good token that a process could give out now: the one that it answered with last, or has just minted. */
  heldBy(process: Process, label: string): string | undefined {
    const accessToken = process.knowledgeOf(label).inHand?.accessToken;
    return accessToken !== undefined && this.isInHand(process, label, accessToken) ? accessToken : undefined;
  }

  /** The good token in hand if it is outside of every refresh window that it may have, and so is whatever may have taken its place. */
  freshIn(process: Process, label: string): string | undefined {
    const accessToken = this.heldBy(process, label);
    if (accessToken === undefined || this.isOutlived(process, label, accessToken)) return undefined;
    const all = [accessToken, ...this.laterThan(process, label, accessToken)];
    return all.every((each) => this.isFresh(process, label, each)) ? accessToken : undefined;
  }

  served(caller: Caller): void {
    // A good token may be too short for it.
    if (caller.minLifeMs > 0) return;
    const { process, request, askedAt, pausedMsBefore, inHand } = caller;
    const held = process.knowledgeOf(request.label).inHand;
    if (inHand !== undefined) this.checkWait(caller, inHand, this.waitedMs(process, askedAt, pausedMsBefore));
    if (!held || held.since < askedAt) return;
    this.checkWait(caller, held.accessToken, this.waitedMs(process, held.since, held.pausedMsBefore));
  }

  refused(caller: Caller, code: string): void {
    if (caller.minLifeMs > 0) return;
    const { process, request, inHand } = caller;
    const name = 'nobody hears an error with a valid token in hand';
    const claimed = this.isStillHeld(caller, inHand)
      ? inHand
      : process.serves && this.settledIn(process, request.label);
    const held = claimed && !this.world.idp.repeated.has(claimed) ? claimed : undefined;
    this.verdict.expect(!held, name, () => `${process.name} held ${held} and answered ${code}`, aboutOf(caller));
  }

  /** The good token in hand, unless it was minted so shortly ago that its commit may be under way. */
  settledIn(process: Process, label: string): string | undefined {
    const known = process.knowledgeOf(label).inHand;
    const { storeTimeoutMs } = this.world.weather.policy;
    const isSettled = known && this.waitedMs(process, known.since, known.pausedMsBefore) > storeTimeoutMs + SLACK_MS;
    return isSettled ? this.heldBy(process, label) : undefined;
  }

  private checkWait(caller: Caller, accessToken: string, waitedMs: number): void {
    // Since when it holds a token that was given again, the world cannot tell: the first one may have been voided.
    if (this.world.idp.repeated.has(accessToken)) return;
    const { storeTimeoutMs } = this.world.weather.policy;
    this.verdict.expect(
      waitedMs <= storeTimeoutMs + SLACK_MS || !this.isStillHeld(caller, accessToken),
      'nobody waits with a valid token in hand',
      () => `${caller.process.name} held ${accessToken} and took ${waitedMs.toFixed(1)} ms`,
      aboutOf(caller),
    );
  }

  private waitedMs({ pausedMs }: Process, since: number, pausedMsBefore: number): number {
    return this.now - since - (pausedMs - pausedMsBefore);
  }

  private isStillHeld({ process, request: { label } }: Caller, accessToken: string | undefined): boolean {
    return accessToken !== undefined && process.serves && this.isInHand(process, label, accessToken);
  }

  /** Whether it is good, and so is whatever may have taken its place since. */
  private isInHand(process: Process, label: string, accessToken: string): boolean {
    const { tokens } = process.knowledgeOf(label);
    const own = tokens.get(accessToken);
    if (!own || this.mayBeEvicted(label, accessToken, own.at)) return false;
    return [accessToken, ...this.laterThan(process, label, accessToken)].every((each) =>
      this.isGood(process, label, each),
    );
  }

  /** The tokens that came since, any of which may have taken its place. */
  private laterThan(process: Process, label: string, accessToken: string): string[] {
    const { tokens } = process.knowledgeOf(label);
    const since = tokens.get(accessToken)?.at ?? Infinity;
    return [...tokens].flatMap(([other, { usableAt }]) => (usableAt > since && other !== accessToken ? [other] : []));
  }

  /** A token that was never shared does not take the place of one that ends later. */
  private isOutlived(process: Process, label: string, accessToken: string): boolean {
    if (this.truthOf(label)?.published.some((one) => one.accessToken === accessToken)) return false;
    const { tokens } = process.knowledgeOf(label);
    const endsAt = tokens.get(accessToken)?.soonestEndAt ?? Infinity;
    return [...tokens.values()].some(({ soonestEndAt }) => soonestEndAt > endsAt);
  }

  private isFresh(process: Process, label: string, accessToken: string): boolean {
    const issued = this.world.idp.tokens.get(accessToken);
    const learned = process.knowledgeOf(label).tokens.get(accessToken);
    if (!issued || !learned) return false;
    const { refreshWindowMs } = this.world.weather.policy;
    // One that was given again has less life left than its window was cut from.
    const isRepeated = this.world.idp.repeated.has(accessToken);
    const lifeMs = isRepeated ? Infinity : issued.hardExpiryAt - issued.askedAt;
    const windowMs = Math.min(refreshWindowMs, lifeMs * LONGEST_WINDOW);
    return learned.soonestEndAt - windowMs > this.now + NETWORK_MS;
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
    const { voids, ownPurges, refused, tokens } = process.knowledgeOf(label);
    // A provider may have been asked for it again since.
    const firstAt = Math.min(askedAt, tokens.get(accessToken)?.at ?? Infinity);
    if (process.rejectedAt.has(accessToken)) return true;
    // A rejection names a generation, and what another process minted alone may have the same.
    if (this.generationsOf(label, accessToken).some((generation) => refused.has(generation))) return true;
    if (ownPurges.some(({ endedAt = this.now }) => firstAt <= endedAt)) return true;
    const minted = this.fencesOf(process, accessToken);
    // With a token that it was refused with, all is void that is older: so may be what it mints after the store lost its fences.
    if (minted.some((fence) => [...refused].some((generation) => fence <= generation))) return true;
    const oldest = Math.min(...this.generationsOf(label, accessToken));
    // A token that was never shared has no place among the fences, but that of the lease under which it was minted.
    return voids.some(({ upTo, heardAt }) =>
      oldest < Infinity ? oldest <= upTo : askedAt <= heardAt || minted.some((fence) => fence <= upTo),
    );
  }

  /** Of the leases under which that process was given that token. */
  private fencesOf({ name }: Process, accessToken: string): number[] {
    const calls = this.world.idp.calls.filter((call) => call.process === name && call.accessToken === accessToken);
    return calls.flatMap(({ fence }) => (fence > 0 ? [fence] : []));
  }

  /** What no other process has is kept, however many keys there are; but it gives way to a shared token, which is not. */
  private mayBeEvicted(label: string, accessToken: string, since: number): boolean {
    const { nearCache, requests } = this.world.weather;
    const isSmall = nearCache !== false && (nearCache.maxEntries ?? Infinity) < requests;
    const published = this.truthOf(label)?.published ?? [];
    return isSmall && published.some((one) => one.accessToken === accessToken || one.storedAt + one.ttlMs > since);
  }
}

function aboutOf({ process, request: { label } }: Caller): { label: string; process: string } {
  return { label, process: process.name };
}

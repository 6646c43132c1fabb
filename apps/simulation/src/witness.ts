import { type JudgedWorld } from './judged-world.js';
import { type Caller, type Process } from './process.js';
import { type KeyTruth, type PublishedToken } from './store-truth.js';
import { type Verdict } from './verdict.js';
import { type VainWait, wasVoidedMeanwhile } from './voided-wait.js';
import { disturbs } from './weather.js';

/** What messages of a calm network take together, at most: several one after another. */
export const NETWORK_MS = 80;
/** Between two polls of a store without events. */
export const POLL_MS = 250;

/** What every judge can know, being outside of the world: how strictly it may judge, and the truth behind what processes see. */
export abstract class Witness {
  protected readonly verdict: Verdict;
  /** Nothing is wrong that a caller could notice. */
  protected readonly isCalm: boolean;
  /** With the store, the way to it and the processes in order, the fleet mints only what it needs. */
  protected readonly isOrderly: boolean;
  protected readonly eventsArrive: boolean;

  constructor(protected readonly world: JudgedWorld) {
    this.verdict = world.verdict;
    this.isCalm = !disturbs(
      world.weather,
      'processes',
      'network',
      'server',
      'callers',
      'failures',
      'stalls',
      'shard',
      'upstream',
    );
    this.isOrderly = !disturbs(world.weather, 'processes', 'network', 'server');
    this.eventsArrive = world.weather.hasEvents && !disturbs(world.weather, 'events');
  }

  /** Nothing stands between the processes and the part of the store that a request goes to. */
  protected isOrderlyFor(label: string): boolean {
    return this.isOrderly && !this.world.server.everBroken.has(this.world.keyIds.get(label) ?? '');
  }

  /** How late an answer of the store about a request may be, and what it tells with it: nobody waits for one any longer. */
  protected latenessFor(label: string): number {
    return this.isOrderlyFor(label) ? NETWORK_MS : this.world.weather.policy.storeTimeoutMs + NETWORK_MS;
  }

  /** The longest that a token which was stored is no news to a process that waits for it. */
  protected get hearingMs(): number {
    return this.eventsArrive ? NETWORK_MS : POLL_MS + NETWORK_MS;
  }

  /**
   * Purges and rejections left no time to serve a caller that waited until now.
   *
   * @param wait of what kind, if not for any token, since it came, and for one mint
   */
  protected hadNoTime({ request, askedAt, minLifeMs }: Caller, wait: Partial<VainWait>): boolean {
    const truth = this.truthOf(request.label);
    const { now: until, hearingMs } = this;
    const { mintMs } = this.world.weather;
    const ordinary = { since: askedAt, until, above: 0, minLifeMs, hearingMs, mintMs, mints: 1 };
    return truth !== undefined && wasVoidedMeanwhile(truth, { ...ordinary, ...wait });
  }

  protected get now(): number {
    return this.world.time.now;
  }

  protected truthOf(label: string): KeyTruth | undefined {
    const keyId = this.world.keyIds.get(label);
    return keyId === undefined ? undefined : this.world.server.truths.get(keyId);
  }

  /** By the provider's book, or sooner where the store took off its life what a commit took to arrive. */
  protected hardExpiryOf({ accessToken, storedAt, ttlMs }: PublishedToken): number {
    return Math.min(this.world.idp.tokens.get(accessToken)?.hardExpiryAt ?? 0, storedAt + ttlMs);
  }

  /** The fences under which a token was shared. */
  protected generationsOf(label: string, accessToken: string): number[] {
    const published = this.truthOf(label)?.published ?? [];
    return published.filter((token) => token.accessToken === accessToken).map(({ fence }) => fence);
  }

  protected wasVoided(label: string, accessToken: string): boolean {
    const { everyone, server } = this.world;
    const wasRejected = everyone.some(({ rejectedAt }) => rejectedAt.has(accessToken));
    // With a token everything goes that is older, and after a loss of data that may be anything.
    const truth = this.truthOf(label);
    const wereDropped = (truth?.marks.size ?? 0) > 0 || truth?.refused.has(accessToken) === true;
    return wasRejected || wereDropped || this.wasPurged(label) || server.clockSteps > 0;
  }

  protected wasPurged(label: string): boolean {
    return (
      (this.truthOf(label)?.purgedAt.length ?? 0) > 0 ||
      this.world.everyone.some((process) => process.wasToldToForget(label))
    );
  }

  protected pendingSince(
    label: string | undefined,
    at: number,
    concerns: (process: Process) => boolean = () => true,
  ): Caller | undefined {
    for (const process of this.world.processes) {
      if (process.host.isPaused || !concerns(process)) continue;
      for (const caller of process.pending) if (caller.request.label === label && caller.askedAt <= at) return caller;
    }
    return undefined;
  }
}

import { DEFAULT_NEAR_CACHE, type Token } from '@mintonce/token-cache';
import { type Caller, type Process } from './process.js';
import { type KnownRequest } from './requests.js';
import { type PublishedToken } from './store-truth.js';
import { SICKNESS, WEATHER_FAULTS } from './weather-faults.js';
import { NETWORK_MS, Witness } from './witness.js';

/** What one caller was told: an access token, or the code of an error. */
export interface Told {
  readonly process: string;
  readonly label: string;
  readonly what: string;
  readonly askedAt: number;
  readonly at: number;
}

/** Judges what callers get, and when. */
export class CallerJudge extends Witness {
  /** What callers were told, in order. */
  readonly told: Told[] = [];
  private readonly judgesHands = this.world.weather.faults.some((fault) => WEATHER_FAULTS.includes(fault));

  comes(process: Process, request: KnownRequest, isLast: boolean): Caller {
    process.came++;
    const held = this.world.hands.heldBy(process, request.label);
    const caller: Caller = {
      process,
      request,
      askedAt: this.now,
      pausedMsBefore: process.pausedMs,
      inHand: held,
      isAlone: !process.isWaitingFor(request.label),
      storeWasGone: this.world.server.state !== 'up',
      isLast,
    };
    process.pending.add(caller);
    return caller;
  }

  leaves(caller: Caller): void {
    caller.process.left++;
    this.settles(caller);
  }

  answered(caller: Caller, token: Token): void {
    const { process, request } = caller;
    const { accessToken } = token;
    this.tell(caller, accessToken);
    this.world.say(process.name, `answers ${accessToken}`, request);
    const known = this.world.idp.tokens.get(accessToken);
    this.verdict.expect(known?.label === request.label, 'no token is given out for another request', () => {
      return `${process.name} gave ${accessToken} of ${known?.label} to a caller of ${request.label}`;
    });
    const pastMs = this.now - (known?.hardExpiryAt ?? 0) - this.world.server.setBackMs;
    this.verdict.expect(pastMs <= 0.01, 'no token is given out past hard expiry', () => {
      return `${process.name} gave out ${accessToken} ${pastMs.toFixed(1)} ms past it`;
    });
    const rejectedAt = process.rejectedAt.get(accessToken);
    const wasRejected = rejectedAt !== undefined && rejectedAt < this.now;
    this.verdict.expect(!wasRejected, 'no rejected token is given out by the process that rejected it', () => {
      return `${process.name} gave out ${accessToken}, which it rejected ${this.now - (rejectedAt ?? 0)} ms ago`;
    });
    this.checkFleetKnows(caller, token);
    process.inHand.set(request.label, token);
    if (!process.wallOffsetAt.has(accessToken)) process.wallOffsetAt.set(accessToken, process.host.wallOffsetMs);
    this.settles(caller);
  }

  refused(caller: Caller, error: unknown): void {
    const { process, request } = caller;
    const code = String((error as { code?: unknown }).code);
    this.tell(caller, code);
    this.world.say(process.name, `refuses a caller: ${code}`, request);
    this.heard(error);
    const isSensible = this.world.idp.leastUsableMs > this.world.weather.policy.mintTimeoutMs;
    this.verdict.expect(
      !this.isCalm || !isSensible,
      'nobody hears an error in calm weather',
      () => `${process.name}: ${String(error)}`,
    );
    this.checkSickness(caller, error);
    if (this.judgesHands) this.world.hands.refused(caller, code);
    this.verdict.expect(!caller.isLast, 'the fleet recovers by itself', () => {
      return `long after everything healed, ${process.name} answers ${String(error)}`;
    });
    const valid = this.isOrderlyFor(request.label) && this.validSince(caller);
    this.verdict.expect(!valid, 'nobody hears an error while the fleet has a token', () => {
      return `${process.name}: ${String(error)}, although ${valid && valid.accessToken} is valid`;
    });
    this.settles(caller);
  }

  heard(error: unknown): void {
    const isOurs = String((error as { code?: unknown })?.code).startsWith('TOKEN_');
    this.verdict.expect(isOurs, 'callers hear errors of this library only', () => String(error));
  }

  rejects(process: Process, token: Token): void {
    this.world.say(process.name, `rejects ${token.accessToken}`, { label: this.world.history.labelOf(token.keyId) });
    if (!process.rejectedAt.has(token.accessToken)) process.rejectedAt.set(token.accessToken, this.now);
  }

  private tell({ process, request, askedAt }: Caller, what: string): void {
    this.told.push({ process: process.name, label: request.label, what, askedAt, at: this.now });
  }

  private settles(caller: Caller): void {
    const { process, askedAt } = caller;
    process.pending.delete(caller);
    const pausedMs = process.pausedMs - caller.pausedMsBefore;
    const waitedMs = this.now - askedAt - pausedMs;
    const { waitTimeoutMs } = this.world.weather.policy;
    this.verdict.expect(waitedMs <= waitTimeoutMs + 1, 'no caller waits past its deadline', () => {
      return `${process.name} kept a caller of ${caller.request.label} for ${waitedMs} ms`;
    });
    this.checkServedWithoutStore(caller, waitedMs);
    if (this.judgesHands) this.world.hands.served(caller, waitedMs);
  }

  /** With the store gone all along and a valid token in hand, only one store call stands between a caller and its token. */
  private checkServedWithoutStore(caller: Caller, waitedMs: number): void {
    const { process, inHand, isAlone, storeWasGone, request } = caller;
    const known = inHand === undefined ? undefined : this.world.idp.tokens.get(inHand);
    const { storeTimeoutMs } = this.world.weather.policy;
    if (!isAlone || !storeWasGone || this.world.server.state === 'up' || !known) return;
    if (this.soonestEndOf(request.label, known) < this.now + NETWORK_MS + storeTimeoutMs) return;
    if (this.wasVoided(request.label, known.accessToken)) return;
    const boundMs = storeTimeoutMs + 2;
    this.verdict.expect(waitedMs <= boundMs, 'without the store a token in hand is served in time', () => {
      return `${process.name} held ${inHand} and took ${waitedMs} ms`;
    });
  }

  /** One process that cannot use its source is no reason to refuse the callers of others, who may try for themselves. */
  private checkSickness({ process, request }: Caller, error: unknown): void {
    const { sick, everSick } = this.world.idp;
    const isOnlyTrouble = this.world.weather.faults.every(
      ({ disturbs: what, name }) => what !== 'failures' || name === SICKNESS,
    );
    const isElsewhere =
      everSick.size > 0 && !everSick.has(process.name) && isOnlyTrouble && this.isOrderlyFor(request.label);
    this.verdict.expect(!isElsewhere, 'a sick process fails no callers but its own', () => {
      return `${process.name} is well, ${[...sick.keys()].join() || 'nobody'} is sick, and it answers ${String(error)}`;
    });
  }

  private checkFleetKnows({ process, askedAt }: Caller, { keyId, accessToken }: Token): void {
    const droppedAt = this.world.server.truths.get(keyId)?.invalidatedAt.get(accessToken);
    if (!this.isOrderly || this.world.server.everBroken.has(keyId) || droppedAt === undefined) return;
    const knownAt = this.knownAt(process, droppedAt);
    this.verdict.expect(askedAt <= knownAt, 'no rejected token is given out by anybody once the fleet knows', () => {
      return `${process.name} gave out ${accessToken}, dropped ${this.now - droppedAt} ms ago`;
    });
  }

  /** When a process must have heard of what happened to a token: by an event, after a silence, or by growing suspicious. */
  private knownAt({ channel }: Process, happenedAt: number): number {
    if (!channel) return happenedAt + NETWORK_MS;
    const { maxAgeMs = DEFAULT_NEAR_CACHE.maxAgeMs } = this.world.weather.nearCache || {};
    switch (channel.state) {
      case 'up':
        return Math.max(happenedAt, channel.upAt) + channel.mostExtraDelayMs + NETWORK_MS;
      case 'down':
        return happenedAt + maxAgeMs + NETWORK_MS;
      case 'deaf':
        return Number.POSITIVE_INFINITY;
    }
  }

  /** A token that everybody could have had since the caller came. */
  private validSince({ process, request, askedAt }: Caller): PublishedToken | undefined {
    const current = this.truthOf(request.label)?.current;
    if (!current || current.storedAt > askedAt || process.rejectedAt.has(current.accessToken)) return undefined;
    return this.hardExpiryOf(current) > this.now + NETWORK_MS ? current : undefined;
  }
}

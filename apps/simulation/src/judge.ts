import { DEFAULT_NEAR_CACHE, type Token } from '@mintonce/token-cache';
import { type MintCall } from './book.js';
import { mintsOf } from './counts.js';
import { type Failure, RETRY_AFTER_MS } from './identity-provider.js';
import { type Caller, type Process } from './process.js';
import { type KnownRequest } from './requests.js';
import { type KeyTruth, type PublishedToken } from './store-truth.js';
import { type Verdict } from './verdict.js';
import { disturbs } from './weather.js';
import { type World } from './world.js';

/** What messages of a calm network take together, at most: several one after another. */
const NETWORK_MS = 80;
/** Between two polls of a store without events. */
const POLL_MS = 250;
const LEASE_END_JITTER_MS = 100;
/** Shutdown lets mints finish for so long. */
const SHUTDOWN_GRACE_MS = 5_000;
/** Store calls that one flight after another makes while it winds up. */
const CALLS_AT_SHUTDOWN = 4;
/** Even with the luckiest jitter a failing source is left alone for a moment. */
const LEAST_COOLDOWN_MS = 100;

/** What one caller was told: an access token, or the code of an error. */
export interface Told {
  readonly process: string;
  readonly label: string;
  readonly what: string;
  readonly askedAt: number;
  readonly at: number;
}

/** Sees everything that happens and says which promise it breaks. */
export class Judge {
  private readonly verdict: Verdict;
  private readonly leftAloneUntil = new Map<string, number>();
  /** Nothing is wrong that a caller could notice. */
  private readonly isCalm: boolean;
  /** With the store, the way to it and the processes in order, the fleet mints only what it needs. */
  private readonly isOrderly: boolean;
  private readonly eventsArrive: boolean;
  /** What callers were told, in order. */
  readonly told: Told[] = [];

  constructor(private readonly world: World) {
    this.verdict = world.verdict;
    this.isCalm = !disturbs(world.weather, 'processes', 'network', 'server', 'callers', 'failures');
    this.isOrderly = !disturbs(world.weather, 'processes', 'network', 'server');
    this.eventsArrive = world.weather.hasEvents && !disturbs(world.weather, 'events');
  }

  private get now(): number {
    return this.world.time.now;
  }

  // Callers

  comes(process: Process, request: KnownRequest, isLast: boolean): Caller {
    process.came++;
    const held = process.isWaitingFor(request.label) ? undefined : process.inHand.get(request.label);
    const caller: Caller = {
      process,
      request,
      askedAt: this.now,
      pausedMsBefore: process.pausedMs,
      ...(held && { inHand: held.accessToken }),
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
    this.world.say(process.name, `answers ${accessToken} for ${request.label}`);
    const known = this.world.idp.tokens.get(accessToken);
    this.verdict.expect(known?.label === request.label, 'no token is given out for another request', () => {
      return `${process.name} gave ${accessToken} of ${known?.label} to a caller of ${request.label}`;
    });
    const pastMs = this.now - (known?.hardExpiryAt ?? 0) - this.grantedLateMs(token);
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
    this.settles(caller);
  }

  refused(caller: Caller, error: unknown): void {
    const { process, request } = caller;
    const code = String((error as { code?: unknown }).code);
    this.tell(caller, code);
    this.world.say(process.name, `refuses a caller of ${request.label}: ${code}`);
    this.heard(error);
    const isSensible = this.world.idp.leastUsableMs > this.world.weather.policy.mintTimeoutMs;
    this.verdict.expect(
      !this.isCalm || !isSensible,
      'nobody hears an error in calm weather',
      () => `${process.name}: ${String(error)}`,
    );
    this.verdict.expect(!caller.isLast, 'the fleet recovers by itself', () => {
      return `long after everything healed, ${process.name} answers ${String(error)}`;
    });
    const valid = this.isOrderly && this.validSince(caller);
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
    this.world.say(process.name, `rejects ${token.accessToken}`);
    if (!process.rejectedAt.has(token.accessToken)) process.rejectedAt.set(token.accessToken, this.now);
  }

  // Mints

  mintBegins(call: MintCall): void {
    const truth = this.truthOf(call.label);
    if (call.fence === 0) this.checkLocal(call);
    this.checkLeftAlone(call, `${call.process} ${call.label}`);
    if (!this.isOrderly) return;
    this.checkLeftAlone(call, call.label);
    const other = this.world.idp.calls.find(
      ({ number, label, isRunning, sentAt }) =>
        number !== call.number && label === call.label && isRunning && !truth?.purgedAt.some((at) => at >= sentAt),
    );
    const need = 'no token is minted without need';
    this.verdict.expect(!other, need, () => `t${call.number}: t${other?.number} is still under way`);
    const current = truth?.current;
    const freshMs = current ? this.hardExpiryOf(current) - current.refreshWindowMs - this.now : 0;
    this.verdict.expect(
      freshMs < NETWORK_MS,
      need,
      () => `t${call.number}: ${current?.accessToken} is fresh for ${freshMs} ms`,
    );
  }

  private checkLeftAlone({ number, process }: MintCall, whom: string): void {
    const aloneMs = (this.leftAloneUntil.get(whom) ?? 0) - this.now;
    this.verdict.expect(aloneMs <= 1, 'a failing source is left alone for the cool-down', () => {
      return `${process} asks for t${number} ${aloneMs} ms too early`;
    });
  }

  mintFailed({ label, fence, process }: MintCall, failure: Failure): void {
    if (this.wasPurged(label)) return;
    const until = this.now + this.leastCooldownMs(failure);
    this.leftAloneUntil.set(fence === 0 ? `${process} ${label}` : label, until);
  }

  // The store

  /** Called after each event, with the store's truth up to date. */
  published(truth: KeyTruth, token: PublishedToken): void {
    if (!this.isOrderly) return;
    const boundMs = this.eventsArrive ? NETWORK_MS : POLL_MS + NETWORK_MS;
    if (!this.eventsArrive && this.world.weather.hasEvents) return;
    const { label } = this.world.idp.tokens.get(token.accessToken) ?? {};
    this.world.time.after(boundMs, this.world.time.world, () => {
      if (truth.current !== token || this.hardExpiryOf(token) < this.now) return;
      const waiting = this.pendingSince(label, token.storedAt - 0.001);
      this.verdict.expect(!waiting, 'who waits hears of the token at once', () => {
        return `${waiting?.process.name} still waits ${boundMs} ms after ${token.accessToken} was stored`;
      });
    });
  }

  // Processes

  died(process: Process): void {
    for (const call of this.world.idp.calls) {
      if (call.process !== process.name || !call.isRunning) continue;
      call.isRunning = false;
      call.isOrphan = true;
    }
    const others = this.world.weather.faults.some(
      ({ disturbs: what, name }) => what !== 'processes' || name !== 'a process is killed',
    );
    if (others) return;
    for (const truth of this.world.server.truths.values()) {
      if (truth.lease?.process === process.name) this.expectReplacement(truth, truth.lease.fence);
    }
  }

  shutDown(process: Process, tookMs: number): void {
    this.world.say(process.name, `is shut down after ${tookMs.toFixed(0)} ms`);
    const { storeTimeoutMs } = this.world.weather.policy;
    const boundMs = SHUTDOWN_GRACE_MS + CALLS_AT_SHUTDOWN * storeTimeoutMs + NETWORK_MS;
    const name = 'a shutdown ends in time and leaves nothing behind';
    this.verdict.expect(tookMs <= boundMs, name, () => `${process.name} took ${tookMs} ms`);
    this.verdict.expect(process.pending.size === 0, name, () => `${process.name} leaves callers waiting`);
    // A renewal may still be under way: it does no harm, and ends by its time limit.
    this.world.time.after(storeTimeoutMs + 1, this.world.time.world, () => {
      const timers = this.world.time.timersOf(process.host);
      this.verdict.expect(timers === 0, name, () => `${process.name} leaves ${timers} timers`);
    });
  }

  private expectReplacement(truth: KeyTruth, fence: number): void {
    const diedAt = this.now;
    const boundMs = this.world.weather.policy.leaseMs + LEASE_END_JITTER_MS;
    this.world.time.after(boundMs, this.world.time.world, () => {
      const label = [...this.world.keyIds].find(([, keyId]) => this.world.server.truths.get(keyId) === truth)?.[0];
      const waiting = this.pendingSince(label, diedAt);
      const isReplaced = [...truth.grants.keys()].some((granted) => granted > fence);
      this.verdict.expect(!waiting || isReplaced, 'a dead holder is replaced in time', () => {
        return `${waiting?.process.name} still waits ${boundMs} ms after the holder of ${fence} died`;
      });
    });
  }

  private pendingSince(label: string | undefined, at: number): Caller | undefined {
    for (const process of this.world.processes) {
      if (process.host.isPaused) continue;
      for (const caller of process.pending) if (caller.request.label === label && caller.askedAt <= at) return caller;
    }
    return undefined;
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
  }

  /** With the store gone all along and a valid token in hand, only one store call stands between a caller and its token. */
  private checkServedWithoutStore(caller: Caller, waitedMs: number): void {
    const { process, inHand, storeWasGone, request } = caller;
    const known = inHand === undefined ? undefined : this.world.idp.tokens.get(inHand);
    const { storeTimeoutMs } = this.world.weather.policy;
    if (!storeWasGone || this.world.server.state === 'up' || !known) return;
    if (known.hardExpiryAt < this.now + NETWORK_MS + storeTimeoutMs || this.wasVoided(request.label, known.accessToken))
      return;
    const boundMs = storeTimeoutMs + 2;
    this.verdict.expect(waitedMs <= boundMs, 'without the store a token in hand is served in time', () => {
      return `${process.name} held ${inHand} and took ${waitedMs} ms`;
    });
  }

  private checkFleetKnows({ process, askedAt }: Caller, { keyId, accessToken }: Token): void {
    const droppedAt = this.world.server.truths.get(keyId)?.invalidatedAt.get(accessToken);
    if (!this.isOrderly || droppedAt === undefined) return;
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

  /** A process may mint alone only when policy lets it and it has nothing in hand. */
  private checkLocal(call: MintCall): void {
    const name = 'a token is minted without the store only by policy and in need';
    const { policy } = this.world.weather;
    this.verdict.expect(
      policy.whenStoreUnavailable === 'mint-locally',
      name,
      () => `${call.process} minted against its policy`,
    );
    this.verdict.expect(
      !this.isOrderly,
      name,
      () => `${call.process} minted t${call.number} although the store answers`,
    );
    const twin = this.world.idp.calls.find(
      (other) =>
        other !== call &&
        other.isRunning &&
        other.fence === 0 &&
        other.process === call.process &&
        other.label === call.label,
    );
    this.verdict.expect(
      !twin || this.wasPurged(call.label),
      name,
      () => `${call.process} minted t${call.number} beside t${twin?.number}`,
    );
    const process = this.world.everyone.find(({ name: other }) => other === call.process);
    const held = process?.inHand.get(call.label);
    const known = held && this.world.idp.tokens.get(held.accessToken);
    // A token that took a while to arrive is believed to end that much earlier.
    if (!process || !known || known.hardExpiryAt < this.now + NETWORK_MS + policy.storeTimeoutMs) return;
    if (this.wasVoided(call.label, known.accessToken)) return;
    this.verdict.expect(false, name, () => `${call.process} minted t${call.number} with ${known.accessToken} in hand`);
  }

  private wasVoided(label: string, accessToken: string): boolean {
    const { everyone, server } = this.world;
    const wasRejected = everyone.some(({ rejectedAt }) => rejectedAt.has(accessToken));
    // With a token everything goes that is older, and after a loss of data that may be anything.
    const truth = this.truthOf(label);
    const wereDropped = (truth?.invalidatedAt.size ?? 0) > 0 || truth?.refused.has(accessToken) === true;
    return wasRejected || wereDropped || this.wasPurged(label) || server.clockSteps > 0;
  }

  private wasPurged(label: string): boolean {
    return (
      (this.truthOf(label)?.purgedAt.length ?? 0) > 0 || this.world.everyone.some(({ purged }) => purged.has(label))
    );
  }

  /** A token that everybody could have had since the caller came. */
  private validSince({ process, request, askedAt }: Caller): PublishedToken | undefined {
    const current = this.truthOf(request.label)?.current;
    if (!current || current.storedAt > askedAt || process.rejectedAt.has(current.accessToken)) return undefined;
    return this.hardExpiryOf(current) > this.now + NETWORK_MS ? current : undefined;
  }

  private truthOf(label: string): KeyTruth | undefined {
    const keyId = this.world.keyIds.get(label);
    return keyId === undefined ? undefined : this.world.server.truths.get(keyId);
  }

  private hardExpiryOf({ accessToken }: PublishedToken): number {
    return this.world.idp.tokens.get(accessToken)?.hardExpiryAt ?? 0;
  }

  /** The store reckons a life from when the commit arrived, and by a clock that may be set back. */
  private grantedLateMs({ keyId, accessToken }: Token): number {
    const { truths, setBackMs } = this.world.server;
    const published = truths.get(keyId)?.published.filter((token) => token.accessToken === accessToken) ?? [];
    return setBackMs + Math.max(0, ...published.map(({ lateMs }) => lateMs));
  }

  private leastCooldownMs(failure: Failure): number {
    switch (failure) {
      case 'rejected':
        return this.world.weather.policy.cooldown.rejectedMs;
      case 'throttled':
        return RETRY_AFTER_MS;
      default:
        return LEAST_COOLDOWN_MS;
    }
  }

  /** What can be told only at the end. */
  closing(): void {
    for (const process of this.world.everyone) this.checkCounts(process);
    const { mints, bound } = this.reckon();
    this.verdict.expect(mints <= bound, 'mints are within the bound', () => `${mints} mints, at most ${bound}`);
  }

  private checkCounts(process: Process): void {
    if (process.host.isDead) return;
    const { counts, name, came, left, asked, pending } = process;
    this.verdict.expect(mintsOf(counts) === asked, 'every mint is counted once', () => {
      return `${name} asked the source ${asked} times and counted ${mintsOf(counts)}`;
    });
    this.verdict.expect(
      counts.hits + counts.misses === came - left - pending.size,
      'every caller is counted once',
      () => {
        return `${name} counted ${counts.hits} hits and ${counts.misses} misses of ${came - left} callers`;
      },
    );
  }

  /** Mints of the run, and the most that the second promise allows: every term but the first is a metric of the library. */
  reckon(): { mints: number; bound: number } {
    const { everyone, idp, server } = this.world;
    const counted = everyone.reduce((sum, { counts, asked, host }) => {
      const { failed, superseded, local } = counts.minted;
      return sum + failed + superseded + local + (host.isDead ? asked - mintsOf(counts) : 0);
    }, 0);
    const lifetimes = [...server.truths.values()].reduce((sum, truth) => sum + this.lifetimesOf(truth), 0);
    return { mints: idp.calls.length, bound: lifetimes + counted };
  }

  /** Lifetimes that began: the first, those whose predecessor came to its refresh, was dropped, or was lost by the store. */
  private lifetimesOf(truth: KeyTruth): number {
    const ended = truth.published.filter((token, index) => {
      const nextAt = truth.published[index + 1]?.storedAt ?? this.now;
      return this.hardExpiryOf(token) - token.refreshWindowMs - NETWORK_MS <= nextAt;
    });
    const dropped = truth.invalidatedAt.size + truth.purgedAt.length;
    return 1 + ended.length + dropped + 2 * (truth.lostHistories + this.world.server.clockSteps);
  }
}

import { type Token } from '@mintonce/token-cache';
import { type CostJudge } from './cost-judge.js';
import { type ExpiryJudge } from './expiry-judge.js';
import { type HandJudge } from './hand-judge.js';
import { type Hearsay } from './hearsay.js';
import { type JudgedWorld } from './judged-world.js';
import { type Caller, type Process } from './process.js';
import { type RejectionJudge } from './rejection-judge.js';
import { type KnownRequest } from './requests.js';
import { type PublishedToken } from './store-truth.js';
import { DEAFNESS, SICKNESS } from './weather-faults.js';
import { NETWORK_MS, Witness } from './witness.js';

/** Within it those that wait come back after the end of a lease. */
const LEASE_END_MS = 100;
/** With all that the fault leaves slow: an idle store, the look around of who is not told, and a mint. */
const LONGEST_MINT_MS = 2_000;

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

  constructor(
    world: JudgedWorld,
    private readonly hands: HandJudge,
    private readonly rejections: RejectionJudge,
    private readonly expiries: ExpiryJudge,
    private readonly costs: CostJudge,
    private readonly hearsay: Hearsay,
  ) {
    super(world);
  }

  comes(process: Process, request: KnownRequest, isLast: boolean, minLifeMs: number): Caller {
    process.came++;
    const known = process.knowledgeOf(request.label);
    known.longestNeedMs = Math.max(known.longestNeedMs, minLifeMs);
    const caller: Caller = {
      process,
      request,
      askedAt: this.now,
      pausedMsBefore: process.pausedMs,
      inHand: this.hands.heldBy(process, request.label),
      isLast,
      minLifeMs,
    };
    process.pending.add(caller);
    return caller;
  }

  leaves(caller: Caller): void {
    // It has its token, and does not wait for the answer to its request.
    if (caller.first) return;
    const { process, request } = caller;
    process.left++;
    this.settles(caller);
    const isWaitedFor = [...process.pending].some((other) => other.request.label === request.label);
    if (!isWaitedFor) this.truthOf(request.label)?.callersAreGone(process.name, this.now);
  }

  /** A caller gets a token: the first, or another after that one was refused. */
  answered(caller: Caller, token: Token): void {
    const { process, request, askedAt } = caller;
    this.checkToken(caller, token);
    if (!caller.first) {
      this.tell(caller, token.accessToken);
      this.settles(caller);
      this.hands.served(caller);
    }
    this.costs.served(process, request.label);
    this.truthOf(request.label)?.callersAreGone(process.name, this.now);
    this.costs.settled(process, request.label);
    // A token that is only sent again was not asked for again.
    const isAgain = caller.first?.generation === token.generation;
    if (!isAgain) this.rejections.given(process, request.label, token, caller.refusedAt ?? askedAt);
    caller.first ??= token;
    caller.last = token;
    process.inHand.set(request.label, token);
    this.hearsay.holds(process, request.label, token.accessToken);
  }

  refused(caller: Caller, error: unknown): void {
    const { process, request } = caller;
    const code = String((error as { code?: unknown }).code);
    this.tell(caller, code);
    this.world.say(process.name, `refuses a caller: ${code}`, request);
    this.heard(error);
    const isSensible = this.world.idp.leastUsableMs > this.world.weather.policy.mintTimeoutMs;
    // The mint that it waits for is asked for once more when the clock of its process called the answer over.
    const isTooLate =
      code === 'TOKEN_WAIT_TIMEOUT' && this.world.everyone.some((other) => this.timesSetAhead(other) > 0);
    // What it had in hand is over by its clock, and a cool-down that it has just heard of is not looked up again.
    const isCooling = (error as { retryAfterMs?: unknown }).retryAfterMs !== undefined;
    const isClockAtFault = isTooLate || this.timesSetAhead(process) > (isCooling ? 0 : 1);
    this.verdict.expect(
      !this.isCalm || !isSensible || isClockAtFault,
      'nobody hears an error in calm weather',
      () => `${process.name}: ${String(error)}`,
    );
    this.checkSickness(caller, error);
    this.hands.refused(caller, code);
    this.verdict.expect(!caller.isLast, 'the fleet recovers by itself', () => {
      return `long after everything healed, ${process.name} answers ${String(error)}`;
    });
    const isServable = caller.minLifeMs === 0 && !isClockAtFault && this.isOrderlyFor(request.label);
    const valid = isServable && this.validSince(caller, coolingLagMs(error));
    this.verdict.expect(!valid, 'nobody hears an error while the fleet has a token', () => {
      return `${process.name}: ${String(error)}, although ${valid && valid.accessToken} is valid`;
    });
    this.settles(caller);
  }

  /** A caller that was given a token, and was refused with it, is told that and nothing else. */
  refusedLater({ process }: Caller, error: unknown): void {
    this.verdict.expect(false, "a refused call gets the upstream's answer, and no error", () => {
      return `${process.name}: ${String(error)}`;
    });
  }

  heard(error: unknown): void {
    const isOurs = String((error as { code?: unknown })?.code).startsWith('TOKEN_');
    this.verdict.expect(isOurs, 'callers hear errors of this library only', () => String(error));
  }

  /** An upstream refuses the token of a caller. */
  rejects(caller: Caller, token: Token): void {
    const { process, request } = caller;
    caller.refusedAt = this.now;
    this.world.say(process.name, `is refused with ${token.accessToken}`, {
      label: this.world.history.labelOf(token.keyId),
    });
    process.knowledgeOf(request.label).refused.add(token.generation);
    if (!process.rejectedAt.has(token.accessToken)) process.rejectedAt.set(token.accessToken, this.now);
  }

  private checkToken({ process, request, minLifeMs }: Caller, { accessToken }: Token): void {
    this.world.say(process.name, `answers ${accessToken}`, request);
    const known = this.world.idp.tokens.get(accessToken);
    this.verdict.expect(known?.label === request.label, 'no token is given out for another request', () => {
      return `${process.name} gave ${accessToken} of ${known?.label} to a caller of ${request.label}`;
    });
    this.expiries.given(process, request.label, accessToken, minLifeMs);
  }

  private tell({ process, request, askedAt }: Caller, what: string): void {
    this.told.push({ process: process.name, label: request.label, what, askedAt, at: this.now });
  }

  private settles(caller: Caller): void {
    const { process, askedAt } = caller;
    process.pending.delete(caller);
    this.costs.settled(process, caller.request.label);
    const pausedMs = process.pausedMs - caller.pausedMsBefore;
    const waitedMs = this.now - askedAt - pausedMs;
    const { waitTimeoutMs } = this.world.weather.policy;
    this.verdict.expect(waitedMs <= waitTimeoutMs + 1, 'no caller waits past its deadline', () => {
      return `${process.name} kept a caller of ${caller.request.label} for ${waitedMs} ms`;
    });
    this.checkHoldUp(caller, waitedMs);
  }

  /** A lease whose process does not hear of it is waited for until it ends, and then another process mints. */
  private checkHoldUp({ process, request, askedAt }: Caller, waitedMs: number): void {
    const { faults, policy } = this.world.weather;
    const deaf = new Set(this.world.everyone.filter(({ link }) => link.everDeaf).map(({ name }) => name));
    if (deaf.size === 0 || deaf.has(process.name) || faults.some(({ name }) => name !== DEAFNESS)) return;
    const grants = [...(this.truthOf(request.label)?.grants.values() ?? [])];
    const unheard = grants.filter((grant) => deaf.has(grant.process) && grant.at > askedAt - policy.leaseMs);
    const boundMs = unheard.length * (policy.leaseMs + LEASE_END_MS) + LONGEST_MINT_MS;
    this.verdict.expect(
      waitedMs <= boundMs,
      'a process that hears nothing holds nobody up for longer than its lease',
      () => `${process.name} kept a caller of ${request.label} for ${waitedMs} ms, with ${unheard.length} such leases`,
    );
  }

  /** One process that cannot use its source is no reason to refuse the callers of others, who may try for themselves. */
  private checkSickness(caller: Caller, error: unknown): void {
    const { process, request } = caller;
    const { sick, everSick, repeated } = this.world.idp;
    const { code } = error as { code?: unknown };
    // A second process that cannot use an odd answer binds the fleet.
    const isOnlyTrouble = this.world.weather.faults.every(
      ({ disturbs: what, name }) => (what !== 'failures' && what !== 'lives') || name === SICKNESS,
    );
    const isElsewhere =
      process.serves &&
      everSick.size > 0 &&
      !everSick.has(process.name) &&
      isOnlyTrouble &&
      repeated.size === 0 &&
      // No sickness: an answer that makes no sense, which all are given.
      code !== 'TOKEN_RESPONSE_INVALID' &&
      // After the last purge the sick process may mint first.
      !(code === 'TOKEN_WAIT_TIMEOUT' && this.hadNoTime(caller, { mints: 2 })) &&
      this.isOrderlyFor(request.label);
    this.verdict.expect(!isElsewhere, 'a sick process fails no callers but its own', () => {
      return `${process.name} is well, ${[...sick.keys()].join() || 'nobody'} is sick, and it answers ${String(error)}`;
    });
  }

  /**
   * How often its clock was set ahead in the time of two mints: by that clock each answer was over before it arrived, and so is
   * what it had in hand.
   */
  private timesSetAhead({ setAheadAt }: Process): number {
    const { mintTimeoutMs } = this.world.weather.policy;
    return setAheadAt.filter((at) => at > this.now - 2 * mintTimeoutMs).length;
  }

  /**
   * A token that everybody could have had since the caller came. A marked one is better than an error, unless it came with the
   * lease, and is over by a clock that was set ahead during the mint.
   */
  private validSince({ process, request, askedAt }: Caller, lagMs: number): PublishedToken | undefined {
    const truth = this.truthOf(request.label);
    const valid = truth?.current ?? (this.timesSetAhead(process) === 0 ? truth?.marked : undefined);
    if (!valid || valid.storedAt + lagMs > askedAt) return undefined;
    return this.hardExpiryOf(valid) > this.now + NETWORK_MS ? valid : undefined;
  }
}

/** A process asks the store for a cool-down at most once a second, and hears of its early end no sooner. */
function coolingLagMs(error: unknown): number {
  return (error as { retryAfterMs?: unknown }).retryAfterMs === undefined ? 0 : 1_000;
}

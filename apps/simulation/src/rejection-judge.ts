import { DEFAULT_NEAR_CACHE, type Token } from '@mintonce/token-cache';
import { CLOCK_STEPS } from './faults.js';
import { type HandJudge } from './hand-judge.js';
import { type JudgedWorld } from './judged-world.js';
import { type Caller, type Process } from './process.js';
import { type KeyTruth, type PublishedToken } from './store-truth.js';
import { disturbs } from './weather.js';
import { NETWORK_MS, Witness } from './witness.js';

/** What the judges need of a token. */
export type GivenToken = Pick<Token, 'accessToken' | 'generation'>;

/** A sleep of this length shows by the clocks of its process. */
const NOTICED_SLEEP_MS = 1_500;

/** Judges what processes do with tokens that the store marked as rejected, or purged, once they have heard of it. */
export class RejectionJudge extends Witness {
  /** A replacement can be had: the source answers, and with lives that make sense. */
  private readonly sourceWorks = !disturbs(this.world.weather, 'failures', 'lives');

  constructor(
    world: JudgedWorld,
    private readonly hands: HandJudge,
  ) {
    super(world);
  }

  /** The store accepted a token. */
  published(truth: KeyTruth, { accessToken, fence }: PublishedToken): void {
    const issued = this.world.idp.tokens.get(accessToken);
    const { clockSteps, setBackMs } = this.world.server;
    const isForgetful = truth.lostHistories > 0 && (clockSteps > 0 || setBackMs > 0);
    // It may have been sent before its process could hear.
    const isVoid = (truth.voidedTokens.get(accessToken) ?? Infinity) + NETWORK_MS < this.now;
    const isBack = isVoid && !this.world.idp.repeated.has(accessToken) && !isForgetful;
    // A store that lost what it knew cannot know of the purge either; nor can fences be compared if its clock was set back, too.
    const isPurged =
      !isForgetful &&
      !this.world.idp.repeated.has(accessToken) &&
      truth.purgedUpTo > 0 &&
      issued !== undefined &&
      issued.askedAt < (truth.purgedAt.at(-1) ?? 0);
    const isUntellable = this.world.server.setBackMs > 0 && issued?.isLocal === true;
    this.verdict.expect(
      (!isBack && !isPurged) || isUntellable || this.hasJustWokenUp(truth, fence),
      'no token is shared again that was rejected or purged',
      () => `${accessToken} is back`,
      { label: issued?.label },
    );
  }

  /** After a stall, the process reads the answer that grants a lease before the event that voids its token. */
  private hasJustWokenUp(truth: KeyTruth, fence: number): boolean {
    const { process } = truth.grants.get(fence) ?? {};
    const { resumedAt = 0 } = this.world.everyone.find(({ name }) => name === process) ?? {};
    return resumedAt > 0 && this.now - resumedAt < NETWORK_MS;
  }

  /** @param askedAt when the process last had reason to look for the current token */
  given(process: Process, label: string, { generation, accessToken }: GivenToken, askedAt: number): void {
    this.checkPurged(process, label, accessToken, askedAt);
    this.checkMarked(process, label, accessToken, askedAt);
    this.checkReplacing(process, label, accessToken, askedAt);
    this.checkOrder(process, label, { generation, accessToken }, askedAt);
    this.checkAwake(process, label, accessToken, askedAt);
    if (!this.isOrderlyFor(label)) return;
    const truth = this.truthOf(label);
    const mark = truth?.marks.get(generation);
    // Its own rejection a process need not hear of.
    const knownAt = mark && (mark.process === process.name ? mark.at + NETWORK_MS : this.knownAt(process, mark.at));
    // By a clock that was set ahead meanwhile its successor was over when it came.
    const isCalledOver = process.setAheadAt.some((setAt) => mark && setAt >= mark.at);
    const isNeedless = this.sourceWorks && knownAt !== undefined && askedAt > knownAt && !isCalledOver;
    this.verdict.expect(!isNeedless, 'no rejected token is given out while another can be had', () => {
      return `${process.name} gave out ${accessToken}, marked ${(this.now - (mark?.at ?? 0)).toFixed(1)} ms ago`;
    });
    const purgedAt = truth?.purgedAt.at(-1) ?? Infinity;
    const isPurged = generation <= (truth?.purgedUpTo ?? 0) && askedAt > this.knownAt(process, purgedAt);
    this.verdict.expect(!isPurged, 'no purged token is given out once the fleet knows', () => {
      return `${process.name} gave out ${accessToken}, purged ${(this.now - purgedAt).toFixed(1)} ms ago`;
    });
  }

  private checkOrder(process: Process, label: string, { generation, accessToken }: GivenToken, askedAt: number): void {
    // A store that lost what it knew, or whose clock steps, has another order; and what was never shared has no place in it.
    if (disturbs(this.world.weather, 'server') || !this.generationsOf(label, accessToken).includes(generation)) return;
    // One that the source repeats has several generations, none of which is an older token.
    if (this.world.idp.repeated.has(accessToken)) return;
    const newest = process.newest.get(label);
    // A caller may join those who asked before.
    const isBack =
      newest !== undefined && generation < newest.generation && askedAt > newest.at + this.latenessFor(label);
    this.verdict.expect(!isBack, 'no process goes back to an older token', () => {
      return `${process.name} gave out ${accessToken} ${(this.now - (newest?.at ?? 0)).toFixed(1)} ms after a newer one`;
    });
    if (!newest || generation > newest.generation) process.newest.set(label, { generation, at: this.now });
  }

  /** A store that lost its memory lost the purges, too: a process that heard of none may bring its token back. */
  private isForgetful(label: string): boolean {
    return (this.truthOf(label)?.lostHistories ?? 0) > 0;
  }

  /** Whatever else is broken: a process that was told of a purge gives out nothing that was minted before. */
  private checkPurged(process: Process, label: string, accessToken: string, askedAt: number): void {
    const issued = this.world.idp.tokens.get(accessToken);
    // A token that the source gives again after a purge is all that can be had.
    if (!issued || this.isForgetful(label) || this.world.idp.repeated.has(accessToken)) return;
    const { voids, ownPurges } = process.knowledgeOf(label);
    const generations = this.generationsOf(label, accessToken);
    const isShared = generations.length > 0;
    // The fences of a store whose clock was set back rise by one, as those of mints without it do.
    if (!isShared && this.world.server.setBackMs > 0) return;
    const heard = voids.some(
      ({ type, isTold, upTo, heardAt, happenedAt = 0 }) =>
        type === 'purged' &&
        isTold &&
        heardAt < askedAt &&
        // A provider may give it again to who asks since.
        issued.askedAt < heardAt &&
        (isShared ? Math.max(...generations) <= upTo : issued.askedAt < happenedAt),
    );
    // Where the store could not be told, the others go on with what they share.
    const own = ownPurges.some(
      ({ beganAt, endedAt = Infinity }) => !isShared && endedAt < askedAt && issued.askedAt < beganAt,
    );
    this.verdict.expect(
      !heard && !own,
      'no purged token is given out once the fleet knows',
      () =>
        `${process.name} gave out ${accessToken}, though it ${own ? 'was told to forget it' : 'had heard of its purge'}`,
      { label, process: process.name },
    );
  }

  /** A process whose machine slept cannot know what its channel did not bring, and asks the store before it gives anything out. */
  private checkAwake(process: Process, label: string, accessToken: string, askedAt: number): void {
    const { endedAt = Infinity, tookMs = 0 } = process.lastSleep ?? {};
    const isWayClear = !disturbs(this.world.weather, 'network', 'server', 'commits', 'shard');
    // A wall clock that is set as well does not tell of a sleep.
    const isTold = this.world.weather.faults.every(({ name }) => name !== CLOCK_STEPS);
    if (!isWayClear || !isTold || tookMs < NOTICED_SLEEP_MS) return;
    const { purgedAt = [], published = [] } = this.truthOf(label) ?? {};
    const storedAt = published.findLast((token) => token.accessToken === accessToken)?.storedAt ?? Infinity;
    const wasPurged = purgedAt.some((at) => at > storedAt && at < endedAt);
    this.verdict.expect(
      !wasPurged || askedAt < endedAt + NETWORK_MS,
      'no purged token is given out once the fleet knows',
      () => `${process.name} gave out ${accessToken}, which was purged while it slept`,
      { label, process: process.name },
    );
  }

  /** Whatever else is broken: a process that was told of a mark gives out another token if it has one. */
  private checkMarked(process: Process, label: string, accessToken: string, askedAt: number): void {
    const better = this.hands.settledIn(process, label);
    const isMarked = this.wasToldOfMark(process, label, accessToken, askedAt);
    const isNeedless = isMarked && better !== undefined && better !== accessToken;
    this.verdict.expect(
      !isNeedless || this.world.idp.repeated.has(accessToken) || this.isForgetful(label),
      'no rejected token is given out while another can be had',
      () => `${process.name} gave out ${accessToken}, which is marked, with ${better} in hand`,
      { label, process: process.name },
    );
  }

  private wasToldOfMark(process: Process, label: string, accessToken: string, before: number): boolean {
    const generations = this.generationsOf(label, accessToken);
    const { voids } = process.knowledgeOf(label);
    return (
      generations.length > 0 &&
      voids.some(
        ({ type, isTold, upTo, heardAt }) =>
          type === 'invalidated' && isTold && heardAt < before && Math.max(...generations) <= upTo,
      )
    );
  }

  /** A process that was to replace a token goes on with it only after all else failed, whether the store knows of that or not. */
  private checkReplacing(process: Process, label: string, accessToken: string, askedAt: number): void {
    const since = process.knowledgeOf(label).replacing.get(accessToken) ?? Infinity;
    const { waitTimeoutMs, whenStoreUnavailable } = this.world.weather.policy;
    const isMintable = whenStoreUnavailable === 'mint-locally' || this.isOrderlyFor(label);
    // After a pause a mint may have run out of time, and a clock that was set ahead calls its token over.
    const isUnhindered = process.serves && process.pausedMs === 0 && process.setAheadAt.length === 0;
    const isTimeOver = this.now - askedAt >= waitTimeoutMs;
    const canBeHad = this.sourceWorks && isMintable && isUnhindered && !isTimeOver;
    this.verdict.expect(
      askedAt <= since || !canBeHad,
      'no rejected token is given out while another can be had',
      () => `${process.name} gave out ${accessToken}, which it was to replace ${(this.now - since).toFixed(1)} ms ago`,
      { label, process: process.name },
    );
  }

  /** Whatever else is broken: somebody who only looks is told of no token that its process reported, or heard that it is marked. */
  found(process: Process, label: string, { accessToken }: GivenToken, askedAt: number): void {
    const isMarked = this.wasToldOfMark(process, label, accessToken, askedAt);
    const isReported = (process.knowledgeOf(label).reported.get(accessToken) ?? Infinity) < askedAt;
    this.verdict.expect(
      (!isReported && !isMarked) || this.world.idp.repeated.has(accessToken) || this.isForgetful(label),
      'a rejected token is not found',
      () => `${process.name} found ${accessToken}, which it ${isReported ? 'was to replace' : 'heard is marked'}`,
      { label, process: process.name },
    );
  }

  /** A process that reported a token was told that it is replaced. */
  granted(process: Process, label: string, { accessToken }: Token): void {
    const { replacing, reported } = process.knowledgeOf(label);
    replacing.set(accessToken, this.now);
    reported.set(accessToken, this.now);
  }

  /** A caller is told that its token was refused. */
  refusedForGood(caller: Caller): void {
    const { process, request, first, last, refusedAt = this.now } = caller;
    const { label } = request;
    if (!first || !this.isOrderlyFor(label) || !this.sourceWorks || !process.serves) return;
    const truth = this.truthOf(label);
    const granted = truth?.contested.get(first.generation) ?? truth?.marks.get(first.generation);
    // Of what was granted to another process while it was reported it may not have been told.
    const isToldOf = granted?.process === process.name || (granted?.at ?? Infinity) + NETWORK_MS <= refusedAt;
    const isAgain = last?.generation === first.generation;
    // By a clock that was set ahead meanwhile the new token was over when it came.
    const isCalledOver = process.setAheadAt.some((setAt) => setAt >= refusedAt);
    // Its successors may have been refused as well, before events that are late told of them.
    const isTimeOver = this.now - refusedAt >= this.world.weather.policy.waitTimeoutMs;
    this.verdict.expect(
      !isAgain || !isToldOf || isCalledOver || isTimeOver,
      'a refused call goes again with another token if one can be had',
      () => {
        return `${process.name} was refused with ${first.accessToken} ${(this.now - refusedAt).toFixed(1)} ms ago, and let it be`;
      },
    );
  }

  /**
   * When a process must have heard of what happened to a token: by an event, after a silence, or by growing suspicious. After a
   * pause its timers run before it reads what came meanwhile.
   */
  private knownAt({ channel, resumedAt }: Process, happenedAt: number): number {
    if (!channel) return happenedAt + NETWORK_MS;
    const { maxAgeMs = DEFAULT_NEAR_CACHE.maxAgeMs } = this.world.weather.nearCache || {};
    switch (channel.state) {
      case 'up':
        return Math.max(happenedAt, channel.upAt, resumedAt) + channel.mostExtraDelayMs + NETWORK_MS;
      case 'down':
        return happenedAt + maxAgeMs + NETWORK_MS;
      case 'deaf':
        return Number.POSITIVE_INFINITY;
    }
  }
}

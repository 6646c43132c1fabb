import { type MintCall } from './book.js';
import { mintsOf } from './counts.js';
import { type HandJudge } from './hand-judge.js';
import { type Failure, RETRY_AFTER_MS } from './identity-provider.js';
import { type JudgedWorld } from './judged-world.js';
import { type Process } from './process.js';
import { type KeyTruth, type PublishedToken } from './store-truth.js';
import { NETWORK_MS, Witness } from './witness.js';

/** Even with the luckiest jitter a failing source is left alone for a moment. */
const LEAST_COOLDOWN_MS = 100;

/** Failures that an outdated secret or a broken way out of one host explains as well as a failing source. */
const OF_ONE_PROCESS: readonly Failure[] = ['rejected', 'unreachable', 'odd'];

/** How often a provider that repeats a token is asked again in the life of that (docs/protocol.md, section 6). */
const MOST_IN_VAIN = 5;

/** Clocks that moved apart by less say nothing. */
const UNNOTICED_STEP_MS = 1_000;

/** Providers state lives in whole seconds. */
const STATED_MS = 1_000;

/** Judges every call of the source: whether it was needed, allowed, and counted. */
export class MintJudge extends Witness {
  /** By request, and by process and request. */
  private readonly leftAloneUntil = new Map<string, number>();
  /** Mints for callers that needed their token for longer than its refresh window. */
  private forNeed = 0;
  /** Failures that may have been those of one process, by request. */
  private readonly firstFailures = new Map<string, { readonly process: string; readonly until: number }>();

  constructor(
    world: JudgedWorld,
    private readonly hands: HandJudge,
  ) {
    super(world);
  }

  mintBegins(call: MintCall): void {
    const truth = this.truthOf(call.label);
    if (call.fence === 0) this.checkLocal(call);
    else this.checkReplacement(call);
    this.checkLeftAlone(call, `${call.process} ${call.label}`);
    if (!this.isOrderlyFor(call.label)) return;
    this.checkLeftAlone(call, call.label);
    const isVoid = (fence: number, sentAt: number): boolean =>
      truth !== undefined && (fence <= truth.purgedUpTo || truth.purgedAt.some((at) => at >= sentAt));
    const other = this.world.idp.calls.find(
      (each) =>
        each.number !== call.number &&
        each.label === call.label &&
        each.isRunning &&
        !isVoid(each.fence, each.sentAt) &&
        !this.wasGivenBack(each),
    );
    const need = 'no token is minted without need';
    // The purge that voids its own lease has not reached it yet, or an answer that grants a lease again.
    const isUnheard = isVoid(call.fence, call.sentAt) || this.wasGivenBack(call);
    this.verdict.expect(!other || isUnheard, need, () => `t${call.number}: t${other?.number} is still under way`);
    // A contested token may be replaced early, and the holder of a lease is not told of a token that was offered since.
    const current = truth?.current && !truth.contested.has(truth.current.fence) ? truth.current : undefined;
    const grantedAt = truth?.grants.get(call.fence)?.at ?? Infinity;
    const isUnknown = current?.isOffered === true && current.storedAt >= grantedAt;
    const isNews = isUnknown || (isUnheard && !this.hasHeardOfPurge(call));
    const leftMs = current && !isNews ? this.hardExpiryOf(current) - this.now : 0;
    const freshMs = leftMs - (current?.refreshWindowMs ?? 0);
    const isTooShort = leftMs < this.longestNeed(call) + NETWORK_MS || this.isCalledOver(call, current, freshMs);
    if (freshMs >= NETWORK_MS && isTooShort) this.forNeed++;
    this.verdict.expect(
      freshMs < NETWORK_MS || isTooShort,
      need,
      () => `t${call.number}: ${current?.accessToken} is fresh for ${freshMs} ms`,
    );
  }

  private processOf(process: string): Process | undefined {
    return this.world.everyone.find(({ name }) => name === process);
  }

  /** The longest that a caller of that process ever needed its token for, which may be for longer than the refresh window. */
  private longestNeed({ process, label }: Pick<MintCall, 'process' | 'label'>): number {
    const minting = this.processOf(process);
    return minting?.knowledgeOf(label).longestNeedMs ?? 0;
  }

  /** Whether its process was told of a purge that voids its lease. After a stall the answer that grants one is read before the event. */
  private hasHeardOfPurge({ label, fence, process }: MintCall): boolean {
    const minting = this.processOf(process);
    const { voids = [] } = minting?.knowledgeOf(label) ?? {};
    return voids.some(({ type, isTold, upTo }) => type === 'purged' && isTold && fence <= upTo);
  }

  mintFailed({ label, fence, process }: MintCall, failure: Failure): void {
    if (this.wasPurged(label)) return;
    const until = this.now + this.leastCooldownMs(failure);
    this.leftAloneUntil.set(`${process} ${label}`, until);
    if (fence !== 0 && this.bindsAll(failure, process, label, until)) this.leftAloneUntil.set(label, until);
  }

  /** A mint that a purge voids is given up at once: its token may not be used, and its callers begin anew. */
  purgeHeard({ name }: Process, label: string, upTo: number): void {
    const voided = this.world.idp.calls.filter(
      (call) =>
        call.process === name && call.label === label && call.isRunning && call.fence !== 0 && call.fence <= upTo,
    );
    this.world.time.after(0, this.world.time.world, () => {
      const left = voided.find(({ isRunning }) => isRunning);
      this.verdict.expect(
        !left,
        'no token is minted without need',
        () => `${name} goes on with t${left?.number}, though it has heard of a purge since`,
        { label, process: name },
      );
    });
  }

  /** With a token everything is well again. */
  published(label: string): void {
    this.firstFailures.delete(label);
    for (const whom of this.leftAloneUntil.keys()) {
      if (whom === label || whom.replace(/^p\d+ /, '') === label) this.leftAloneUntil.delete(whom);
    }
  }

  /** What may be the fault of one process binds that process alone, until another has failed as well. */
  private bindsAll(failure: Failure, process: string, label: string, until: number): boolean {
    const first = this.firstFailures.get(label);
    // Another process may have taken its place in the store without a mint, by the failure that it remembers.
    const isKnown = first !== undefined && this.truthOf(label)?.coolsFor === first.process;
    const isSecond = isKnown && first.until > this.now && first.process !== process;
    const isOfAll = isSecond || !OF_ONE_PROCESS.includes(failure);
    // The cool-down of the fleet takes the place of that of the first process, and is forgotten at its end.
    if (isOfAll) this.firstFailures.delete(label);
    else this.firstFailures.set(label, { process, until });
    return isOfAll;
  }

  /** What can be told only at the end. */
  closing(): void {
    for (const process of this.world.everyone) this.checkCounts(process);
    const { mints, bound } = this.reckon();
    this.verdict.expect(mints <= bound, 'mints are within the bound', () => `${mints} mints, at most ${bound}`);
  }

  /** Mints of the run, and the most that the second promise allows: a lifetime each, and what is lost without anybody's fault. */
  reckon(): { mints: number; bound: number } {
    const { idp, server } = this.world;
    const lifetimes = [...server.truths].reduce((sum, [keyId, truth]) => sum + this.lifetimesOf(keyId, truth), 0);
    const lost = idp.calls.filter((call) => this.isLost(call)).length;
    return { mints: idp.calls.length, bound: lifetimes + lost + this.forNeed + this.replacements() };
  }

  /** Whether a mint came to nothing for the fleet, in a way that nobody can prevent. */
  private isLost(call: MintCall): boolean {
    const { accessToken, fence, label, sentAt } = call;
    // The source failed, or the process died, shut down or purged before it had an answer; how soon another may follow is judged apart.
    if (accessToken === undefined) return true;
    // Without the store a process mints for itself; that it had to is judged at each.
    if (fence === 0) return true;
    const truth = this.truthOf(label);
    const published = truth?.published.find((token) => token.fence === fence && token.accessToken === accessToken);
    // A token that was offered may be replaced at once, by the mint that was under way meanwhile.
    if (published) return published.isOffered === true;
    // A purge voids what is being minted.
    if (this.wasPurged(label)) return true;
    if (this.wasGivenBack(call)) return true;
    // By the clock of its process the token was over before it arrived, and one more was asked for.
    if (this.wasClockSetAhead(call)) return true;
    // A token that ends before it can be shared is of use to nobody.
    const issued = this.world.idp.tokens.get(accessToken);
    const { storeTimeoutMs, mintTimeoutMs } = this.world.weather.policy;
    if (!issued || issued.soonestExpiryAt - sentAt < mintTimeoutMs + storeTimeoutMs) return true;
    // A holder that is frozen, cut off or killed loses its lease, and one whose store is gone cannot commit.
    return !this.isOrderlyFor(label);
  }

  /** Whether its process gave that lease back: messages here may overtake each other, as those of one connection to a store do not. */
  private wasGivenBack({ process, label, fence }: MintCall): boolean {
    const minting = this.processOf(process);
    return minting?.knowledgeOf(label).givenBack.has(fence) ?? false;
  }

  /** A wall clock that was set ahead by less than shows calls a token over that much sooner. */
  private isCalledOver({ process }: MintCall, current: PublishedToken | undefined, freshMs: number): boolean {
    const { setAheadAt = [] } = this.processOf(process) ?? {};
    return freshMs < UNNOTICED_STEP_MS && setAheadAt.some((at) => at >= (current?.storedAt ?? Infinity));
  }

  private wasClockSetAhead({ process, sentAt }: MintCall): boolean {
    const minting = this.processOf(process);
    const { mintTimeoutMs } = this.world.weather.policy;
    return minting?.setAheadAt.some((at) => at >= sentAt && at <= sentAt + mintTimeoutMs) ?? false;
  }

  /** A rejected token is replaced once per pace: as the store granted it, or as processes did that could not ask it, or did not hear its answer. */
  private replacements(): number {
    const { everyone, server } = this.world;
    const granted = [...server.truths.values()].reduce(
      (sum, { marks, contested }) => sum + marks.size + contested.size,
      0,
    );
    const counted = everyone.reduce((sum, { counts: { rejected } }) => sum + rejected.replaced + rejected.contested, 0);
    return Math.max(granted, counted);
  }

  private checkLeftAlone({ number, process, label }: MintCall, whom: string): void {
    if (this.wasPurged(label)) return;
    const aloneMs = (this.leftAloneUntil.get(whom) ?? 0) - this.now;
    this.verdict.expect(aloneMs <= 1, 'a failing source is left alone for the cool-down', () => {
      return `${process} asks for t${number} ${aloneMs} ms too early`;
    });
  }

  /** A lease that was granted beside a fresh token, newer than the one in hand, is no reason to mint. */
  private checkReplacement({ label, fence, process, number }: MintCall): void {
    const beside = this.truthOf(label)?.grants.get(fence)?.beside;
    const minting = this.processOf(process);
    // A contested token may be replaced early.
    const isContested = (this.truthOf(label)?.contested.size ?? 0) > 0;
    const fresh = minting && !isContested ? this.hands.freshIn(minting, label) : undefined;
    // After a pause its end is reckoned from long before, and may be too soon for who needs it for long.
    const isShort = (minting?.pausedMs ?? 0) > 0 && this.longestNeed({ process, label }) > 0;
    this.verdict.expect(
      fresh === undefined || this.world.idp.repeated.has(fresh) || isShort,
      'no token is minted without need',
      () => `${process} mints t${number} with ${fresh} in hand, which is fresh`,
      { label, process },
    );
    if (!beside || !minting || this.wasVoided(label, beside.accessToken)) return;
    const isNews = (minting.inHand.get(label)?.generation ?? 0) < beside.fence;
    const freshMs = this.hardExpiryOf(beside) - beside.refreshWindowMs - this.now;
    this.verdict.expect(!isNews || freshMs < this.latenessFor(label), 'no token is minted without need', () => {
      return `t${number}: the lease was granted beside ${beside.accessToken}, which is fresh for ${freshMs} ms`;
    });
  }

  /** Its process was told since that its token would be void, and minted another under a lease. */
  private isGivenUp({ number, process, label }: MintCall): boolean {
    return this.world.idp.calls.some(
      (later) => later.number > number && later.process === process && later.label === label && later.fence > 0,
    );
  }

  /** A process may mint alone only when policy lets it and it has nothing in hand, or what it has is due for its refresh. */
  private checkLocal(call: MintCall): void {
    const name = 'a token is minted without the store only by policy and in need';
    const { policy } = this.world.weather;
    this.verdict.expect(
      policy.whenStoreUnavailable === 'mint-locally',
      name,
      () => `${call.process} minted against its policy`,
    );
    this.verdict.expect(
      !this.isOrderlyFor(call.label),
      name,
      () => `${call.process} minted t${call.number} although the store answers`,
    );
    const twin = this.world.idp.calls.find(
      (other) =>
        other !== call &&
        other.isRunning &&
        other.fence === 0 &&
        other.process === call.process &&
        other.label === call.label &&
        !this.isGivenUp(other),
    );
    this.verdict.expect(
      !twin || this.wasPurged(call.label),
      name,
      () => `${call.process} minted t${call.number} beside t${twin?.number}`,
    );
    const process = this.processOf(call.process);
    const held = process && this.hands.freshIn(process, call.label);
    this.verdict.expect(
      held === undefined || this.world.idp.repeated.has(held),
      name,
      () => `${call.process} minted t${call.number} with ${held} in hand`,
      call,
    );
  }

  private checkCounts(process: Process): void {
    if (process.host.isDead) return;
    const { counts, name, came, left, asked, pending } = process;
    const { superseded, local } = counts.minted;
    const truths = [...this.world.server.truths.values()];
    // A token that another process rejects at once is void before its minter hears that it is shared.
    const rejected = truths.reduce((sum, { marks }) => sum + marks.size, 0);
    const purged = truths.flatMap(({ voided }) => voided).filter((lease) => lease.process === name).length;
    // A purge may also come between a commit and its answer.
    const purges = truths.flatMap(({ published, purgedAt }) =>
      published.filter(({ storedAt }) => purgedAt.some((at) => at >= storedAt && at <= storedAt + NETWORK_MS)),
    ).length;
    const givenBack = this.world.idp.calls.filter((call) => call.process === name && this.wasGivenBack(call)).length;
    const lost =
      this.isOrderly && this.world.server.everBroken.size === 0
        ? Math.max(0, superseded - rejected - purged - purges - givenBack) +
          // Under a lease whose commit has no answer no other token is committed.
          Math.max(0, local - 2 * counts.unanswered - givenBack) +
          Math.max(0, counts.leasesLost - purged - process.leasesGivenUp)
        : 0;
    this.verdict.expect(
      lost === 0,
      'no token is minted without need',
      () => `${name} lost ${counts.leasesLost} leases, ${superseded} commits and minted ${local} times alone`,
    );
    // A process that shuts down gives a mint up before the source is asked.
    const isCounted = process.serves ? mintsOf(counts) === asked : mintsOf(counts) >= asked;
    this.verdict.expect(isCounted, 'every mint is counted once', () => {
      return `${name} asked the source ${asked} times and counted ${mintsOf(counts)}`;
    });
    // A caller that was refused may be counted again when it is given another token.
    const { replaced, contested, stale, excused } = counts.rejected;
    const [callers, counted] = [came - left - pending.size, counts.hits + counts.misses];
    const isRight = counted >= callers && counted <= callers + replaced + contested + stale + excused;
    this.verdict.expect(isRight, 'every caller is counted once', () => {
      return `${name} counted ${counts.hits} hits and ${counts.misses} misses of ${callers} callers`;
    });
  }

  private lifetimesOf(keyId: string, truth: KeyTruth): number {
    const { repeated } = this.world.idp;
    // A process reckons the end from before it asked, and its request may have been long on its way.
    const earlyMs = this.latenessFor(this.world.history.labelOf(keyId));
    // A token that came to its refresh is replaced, if it brought more life than the last.
    const ended = truth.published.filter((token, index) => {
      const nextAt = truth.published[index + 1]?.storedAt ?? this.now;
      // A token that is given again may be said to end far sooner than at first.
      if (repeated.has(token.accessToken) && token.storedAt + token.ttlMs <= nextAt) return true;
      const isOver = this.hardExpiryOf(token) - token.refreshWindowMs - earlyMs <= nextAt;
      return isOver && this.isNews(token, truth.published[index - 1]);
    });
    // A provider that gives the same token until it ends shows it by answers that bring nothing.
    const inVain = new Set(
      truth.published.flatMap(({ accessToken }) => (repeated.has(accessToken) ? [accessToken] : [])),
    );
    // The first is minted in any case; after a purge the next; a store that loses what it knew, or whose clock steps, may have
    // forgotten a token that nobody holds and the lease of the mint that is to replace it.
    const forgotten = 2 * (truth.lostHistories + this.world.server.clockSteps);
    return 1 + ended.length + MOST_IN_VAIN * inVain.size + truth.purgedAt.length + forgotten;
  }

  private isNews(token: PublishedToken, last: PublishedToken | undefined): boolean {
    if (last?.accessToken !== token.accessToken) return true;
    return token.storedAt + token.ttlMs > last.storedAt + last.ttlMs + STATED_MS;
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
}

import {
  type Acquired,
  type AnsweredSince,
  type Attempt,
  type Committed,
  type Cooldown,
  type Lease,
  type Offered,
  type Rejection,
  type RejectionVerdict,
} from '@mintonce/token-cache';
import { PaceTruth } from './pace-truth.js';
import { type Verdict } from './verdict.js';

/** Timers count whole ms. */
const TIMER_MS = 1;
/** The store tells waits in whole ms, rounded up. */
const ROUNDED_UP_MS = 1;
/** More than are on their way at a time. */
const REMEMBERED_ASKS = 300;

/** A token that the store accepted. */
export interface PublishedToken {
  readonly fence: number;
  readonly accessToken: string;
  readonly refreshWindowMs: number;
  /** By the server's clock. */
  readonly endsAt: number;
  readonly ttlMs: number;
  readonly storedAt: number;
  /** Shared without a lease: another process may be minting meanwhile. */
  readonly isOffered?: boolean;
}

/** Who was given a lease, and when. */
export interface Grant {
  readonly process: string;
  readonly nonce: string;
  readonly fence: number;
  readonly at: number;
  /** By the server's clock. */
  endsAt: number;
  /** As it was granted or renewed last. */
  leaseMs: number;
  /** The token that was still there, as the reply said. */
  readonly beside?: PublishedToken;
}

/** When a token was to be replaced because it was rejected, and by which process. */
export interface GrantedRejection {
  readonly at: number;
  readonly process: string;
}

/** An attempt of a process. */
interface Ask {
  readonly process: string;
  /** When the time limit of the call began. */
  readonly at: number;
  /** For callers to whom any valid token is good enough. */
  readonly isForAnybody: boolean;
  /** When its process heard of it. */
  heardAt?: number;
}

/** A token that a process held and the store did not. */
interface Offer {
  readonly generation: number;
  readonly payload: string;
  readonly ttlMs: number;
  readonly since: AnsweredSince | undefined;
}

/** One step that the server took: when in true time, when by its own clock, and for whom. */
export interface Moment {
  readonly now: number;
  readonly serverNow: number;
  readonly process: string;
}

/**
 * What became of one key, told from the steps that were seen and not from the state that the store keeps: leases, tokens and
 * cool-downs by the letter of the store's contract.
 */
export class KeyTruth {
  lease?: Grant;
  /** The token that everybody should use: published, not marked as rejected, not purged. */
  current?: PublishedToken;
  /** The token that is marked as rejected, until another is published: better than none. */
  marked?: PublishedToken;
  coolsUntil = 0;
  /** The only process that the cool-down binds, by the name that the store knows it by. */
  coolsFor?: string | undefined;
  readonly grants = new Map<number, Grant>();
  readonly published: PublishedToken[] = [];
  /** Generations that were marked. */
  readonly marks = new Map<number, GrantedRejection>();
  /** Generations that may be replaced early, though they are served on. */
  readonly contested = new Map<number, GrantedRejection>();
  readonly purgedAt: number[] = [];
  /** Access tokens that were marked or purged, and when last. */
  readonly voidedTokens = new Map<string, number>();
  /** Generations up to which a purge voided everything. */
  purgedUpTo = 0;
  /** The leases that purges ended. */
  readonly voided: Grant[] = [];
  /** Access tokens whose commit came after a newer lease: who has them may have to drop them. */
  readonly refused = new Set<string>();
  /** What the store forgot: how often its history ended. */
  lostHistories = 0;
  private readonly asks: Ask[] = [];
  private fence = 0;
  private publishedFence = 0;
  private readonly pace: PaceTruth;

  constructor(
    private readonly verdict: Verdict,
    private readonly storeTimeoutMs: number,
  ) {
    this.pace = new PaceTruth(verdict);
  }

  /** An attempt is on its way; the returned function says that its process heard of it. */
  asked({ minTtlMs, refusedGeneration }: Attempt, process: string, now: number): (heardAt: number) => void {
    const isForAnybody = minTtlMs === 0 && refusedGeneration === undefined;
    // One that is made again as soon as the former has ended shares its time limit.
    const former = this.asks.find((other) => other.heardAt === now && other.process === process);
    const ask: Ask = { process, at: former?.at ?? now, isForAnybody };
    const twin = isForAnybody && this.asks.find((other) => this.isTwin(other, process, now));
    this.verdict.expect(
      !twin,
      'the callers of one process ask the store together',
      () => `${process} asks twice at once`,
    );
    this.asks.push(ask);
    if (this.asks.length > REMEMBERED_ASKS) this.asks.shift();
    return (heardAt) => void (ask.heardAt = heardAt);
  }

  /** The callers of a process were given a token, or have left: for what it still asks nobody waits. */
  callersAreGone(process: string, now: number): void {
    for (const ask of this.asks) if (ask.process === process) ask.heardAt ??= now;
  }

  acquired(answer: Acquired, attempt: Attempt, { now, serverNow, process }: Moment): void {
    const { nonce, leaseMs } = attempt;
    if (answer.outcome === 'hit') this.checkServed(answer.token.fence, answer.token.ttlMs, serverNow);
    if (answer.outcome === 'wait') this.checkWait(process);
    if (answer.outcome !== 'lease') return;
    const { fence } = answer.lease;
    const { lease } = this;
    const isLive = lease !== undefined && isLiveAt(lease, serverNow);
    const isAgain = isLive && lease.nonce === nonce;
    this.verdict.expect(!isLive || isAgain, 'there is one live lease at a time', () => {
      return `${process} was granted ${fence} while ${lease?.process} held ${lease?.fence} for another ${(lease?.endsAt ?? 0) - serverNow} ms`;
    });
    this.verdict.expect(
      isAgain ? fence === lease.fence : fence > this.fence && fence > this.publishedFence,
      'the fence of a lease is above every fence before it',
      () => `${process} was granted ${fence} after ${Math.max(this.fence, this.publishedFence)}`,
    );
    const last = this.published.at(-1);
    // A store that lost the commit grants the lease that it still knows to its holder again.
    const survived =
      this.grants.get(fence)?.nonce === nonce ||
      !last ||
      fence > last.fence ||
      serverNow * 1_000 < last.fence ||
      serverNow < last.endsAt - last.ttlMs;
    this.verdict.expect(survived, 'the fence of a lease is above every fence before it', () => {
      return `${process} was granted ${fence} although ${last?.fence} was published before the store lost its records`;
    });
    const isOfAnother = this.coolsFor !== undefined && (attempt.process ?? this.coolsFor) !== this.coolsFor;
    this.verdict.expect(
      isOfAnother || this.coolsUntil <= serverNow,
      'a failing source is left alone for the cool-down',
      () => {
        return `${process} was granted ${fence} ${this.coolsUntil - serverNow} ms before the end of the cool-down`;
      },
    );
    this.fence = fence;
    const known = isAgain ? lease : this.outlived(answer.lease, serverNow + answer.leaseEndsInMs);
    this.lease = {
      process,
      nonce,
      fence,
      at: known?.at ?? now,
      // One that the store knows from before it lost the rest is not as long any more.
      endsAt: known?.endsAt ?? serverNow + answer.leaseEndsInMs,
      leaseMs: known?.leaseMs ?? leaseMs,
      ...(answer.token && { beside: this.published.findLast((token) => token.fence === answer.token?.fence) }),
    };
    this.grants.set(fence, this.lease);
  }

  renewed(isOurs: boolean, { fence, leaseMs }: Lease, { serverNow }: Moment): void {
    if (!isOurs || this.lease?.fence !== fence) return;
    this.lease.endsAt = serverNow + leaseMs;
    this.lease.leaseMs = leaseMs;
  }

  committed(
    answer: Committed,
    { fence, sinceGrantMs = Infinity }: Lease,
    payload: string,
    ttlMs: number,
    moment: Moment,
  ): void {
    if (answer.outcome === 'superseded' && answer.token)
      this.checkServed(answer.token.fence, answer.token.ttlMs, moment.serverNow);
    const { accessToken, refreshWindowMs } = JSON.parse(payload) as PublishedToken;
    if (answer.outcome === 'superseded' || answer.outcome === 'voided') this.refused.add(accessToken);
    if (answer.outcome !== 'stored') return;
    this.verdict.expect(fence >= this.fence, 'a token is shared only under the newest fence', () => {
      return `${moment.process} committed ${fence} after ${this.fence} was granted or purged`;
    });
    this.verdict.expect(fence !== this.publishedFence, 'a fence publishes one token', () => `${fence} published twice`);
    this.verdict.expect(fence >= this.publishedFence, 'the published fence never goes back', () => {
      return `${moment.process} published ${fence} over ${this.publishedFence}`;
    });
    const { now, serverNow } = moment;
    // What the commit took to arrive is no part of the life that it gives the token.
    const lifeMs = ttlMs - Math.max(0, serverNow - fence / 1_000 - sinceGrantMs);
    this.publishedFence = fence;
    this.fence = fence;
    this.endCooldown();
    this.current = { fence, accessToken, refreshWindowMs, endsAt: serverNow + lifeMs, ttlMs: lifeMs, storedAt: now };
    this.published.push(this.current);
    delete this.marked;
    delete this.lease;
  }

  failed(wasOurs: boolean, { nonce, fence }: Lease, cooldown: Cooldown | undefined, { serverNow }: Moment): void {
    if (!wasOurs || this.lease?.nonce !== nonce || this.lease.fence !== fence) return;
    delete this.lease;
    if (!cooldown) return;
    const isShared = this.coolsUntil > serverNow && this.coolsFor !== cooldown.process;
    this.coolsFor = isShared ? undefined : cooldown.process;
    this.coolsUntil = serverNow + cooldown.remainingMs;
  }

  /** Gives the token that was published by it, if one was. */
  offered(
    answer: Offered,
    { generation, payload, ttlMs, since }: Offer,
    { now, serverNow, process }: Moment,
  ): PublishedToken | undefined {
    const { accessToken, refreshWindowMs } = JSON.parse(payload) as PublishedToken;
    if (answer.outcome === 'superseded' && answer.token)
      this.checkServed(answer.token.fence, answer.token.ttlMs, serverNow);
    if (answer.outcome === 'voided') this.refused.add(accessToken);
    if (answer.outcome !== 'stored') return undefined;
    const { current } = this;
    // Of its last ms the store says nothing any more.
    const isLive = current !== undefined && current.endsAt >= serverNow + 1;
    const isAgain = isLive && current.fence === generation && current.accessToken === accessToken;
    if (isAgain) return undefined;
    this.verdict.expect(generation >= this.publishedFence, 'the published fence never goes back', () => {
      return `${process} offered ${generation} over ${this.publishedFence}`;
    });
    const isVoid = generation <= Math.max(this.purgedUpTo, this.marked?.fence ?? 0);
    this.verdict.expect(!isVoid, 'no token is shared again that was rejected or purged', () => {
      return `${process} offered ${accessToken} under ${generation}`;
    });
    const lateMs = since ? Math.max(0, serverNow - since.answeredAtUs / 1_000 - since.sinceMs) : 0;
    const lifeMs = ttlMs - lateMs;
    if (generation > this.fence) delete this.lease;
    this.publishedFence = Math.max(this.publishedFence, generation);
    this.fence = Math.max(this.fence, generation);
    delete this.marked;
    const endsAt = serverNow + lifeMs;
    this.current = {
      fence: generation,
      accessToken,
      refreshWindowMs,
      endsAt,
      ttlMs: lifeMs,
      storedAt: now,
      isOffered: true,
    };
    this.published.push(this.current);
    return this.current;
  }

  rejected(verdict: RejectionVerdict, rejection: Rejection, { now, serverNow, process }: Moment): void {
    if (verdict !== 'replaced' && verdict !== 'contested') return;
    const { generation } = rejection;
    const isKnown = this.publishedFence > 0;
    const isCurrent = this.current?.fence === generation;
    this.verdict.expect(!isKnown || isCurrent, 'only the generation that was rejected is replaced', () => {
      return `${process} rejected ${generation} while ${this.current?.fence ?? 'nothing'} was shared`;
    });
    this.pace.granted(rejection, serverNow, process);
    if (verdict === 'contested') return void this.contested.set(generation, { at: now, process });
    this.marks.set(generation, { at: now, process });
    if (this.current) {
      this.marked = this.current;
      this.voidedTokens.set(this.current.accessToken, now);
    }
    delete this.current;
  }

  /** @param isOfGroup by a purge of all keys of a group, which leaves the record and its fence as they are */
  purged({ now, serverNow }: Moment, isOfGroup = false): void {
    this.fence = Math.max(isOfGroup ? this.fence : this.fence + 1, Math.floor(serverNow * 1_000));
    this.endCooldown();
    this.purgedAt.push(now);
    if (this.lease) this.voided.push(this.lease);
    this.purgedUpTo = this.fence;
    for (const { accessToken } of this.published) this.voidedTokens.set(accessToken, now);
    this.pace.forget();
    delete this.current;
    delete this.marked;
    delete this.lease;
  }

  /** The server lost what it knew, or part of it: another history begins, and only its clock carries the fence over. */
  forget(): void {
    this.lostHistories++;
    this.endCooldown();
    this.fence = 0;
    this.publishedFence = 0;
    this.purgedUpTo = 0;
    this.voidedTokens.clear();
    this.pace.forget();
    delete this.current;
    delete this.marked;
    delete this.lease;
  }

  /** A lease from before the history ended, granted again. Its last renewals may be lost: only the store knows when it ends. */
  private outlived({ fence, nonce }: Lease, toldEndAt: number): Grant | undefined {
    const grant = this.grants.get(fence);
    return grant?.nonce === nonce ? { ...grant, endsAt: toldEndAt - ROUNDED_UP_MS } : undefined;
  }

  private endCooldown(): void {
    this.coolsUntil = 0;
    this.coolsFor = undefined;
  }

  private isTwin(other: Ask, process: string, now: number): boolean {
    const isOpen = other.heardAt === undefined && now - other.at < this.storeTimeoutMs - TIMER_MS;
    return isOpen && other.isForAnybody && other.process === process;
  }

  /** A process is one holder: its own lease is granted to it again, whatever it is for and whether it heard of it. */
  private checkWait(process: string): void {
    const { lease } = this;
    this.verdict.expect(
      lease?.process !== process,
      'no process waits for itself',
      () => `${process} waits for its own ${lease?.fence}`,
    );
  }

  private checkServed(fence: number, ttlMs: number, serverNow: number): void {
    const token = this.current;
    if (token?.fence !== fence) return;
    this.verdict.expect(
      serverNow + ttlMs <= token.endsAt + 1,
      'nothing lengthens the life of a published token',
      () => {
        return `${token.accessToken} is said to live ${serverNow + ttlMs - token.endsAt} ms longer than it was given`;
      },
    );
  }
}

/** A lease that ends later than it could was granted before the clock was set back, and is over. */
function isLiveAt({ endsAt, leaseMs }: Grant, serverNow: number): boolean {
  return endsAt > serverNow && endsAt <= serverNow + leaseMs;
}

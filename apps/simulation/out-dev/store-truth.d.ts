import { type Acquired, type Attempt, type Committed, type Cooldown, type Lease, type Rejection, type RejectionVerdict } from '@mintonce/token-cache';
import { type Verdict } from './verdict.js';
/** A token that the store accepted. */
export interface PublishedToken {
    readonly fence: number;
    readonly accessToken: string;
    readonly refreshWindowMs: number;
    /** By the server's clock. */
    readonly endsAt: number;
    readonly ttlMs: number;
    readonly storedAt: number;
}
/** Who was given a lease, and when. */
export interface Grant {
    readonly process: string;
    readonly nonce: string;
    readonly fence: number;
    readonly at: number;
    /** By the server's clock. */
    endsAt: number;
    /** Asked for by a caller who waits, not to refresh. */
    readonly isForCaller: boolean;
    /** The token that was still there, as the reply said. */
    readonly beside?: PublishedToken;
    /** The reply was lost on its way. */
    isUnheard: boolean;
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
export declare class KeyTruth {
    private readonly verdict;
    lease?: Grant;
    /** The token that everybody should use: published, not marked as rejected, not purged. */
    current?: PublishedToken;
    /** The token that is marked as rejected, until another is published: better than none. */
    marked?: PublishedToken;
    coolsUntil: number;
    readonly grants: Map<number, Grant>;
    readonly published: PublishedToken[];
    /** When each generation was marked, and by which process. */
    readonly marks: Map<number, {
        readonly at: number;
        readonly process: string;
    }>;
    /** Generations that may be replaced early, though they are served on, and since when. */
    readonly contested: Map<number, number>;
    readonly purgedAt: number[];
    /** Access tokens that were marked or purged. */
    readonly voidedTokens: Set<string>;
    /** Generations up to which a purge voided everything. */
    purgedUpTo: number;
    /** The leases that purges ended. */
    readonly voided: Grant[];
    /** Access tokens whose commit came after a newer lease: who has them may have to drop them. */
    readonly refused: Set<string>;
    /** What the store forgot: how often its history ended. */
    lostHistories: number;
    private fence;
    private publishedFence;
    private readonly pace;
    constructor(verdict: Verdict);
    acquired(answer: Acquired, { nonce, leaseMs, minTtlMs }: Attempt, { now, serverNow, process }: Moment): void;
    renewed(isOurs: boolean, { fence, leaseMs }: Lease, { serverNow }: Moment): void;
    committed(answer: Committed, { fence, sinceGrantMs }: Lease, payload: string, ttlMs: number, moment: Moment): void;
    failed({ nonce, fence }: Lease, cooldown: Cooldown | undefined, { serverNow }: Moment): void;
    rejected(verdict: RejectionVerdict, rejection: Rejection, { now, serverNow, process }: Moment): void;
    purged({ now, serverNow }: Moment): void;
    /** The server lost what it knew, or part of it: another history begins, and only its clock carries the fence over. */
    forget(): void;
    /** The reply that granted a lease to `process` is lost. */
    unheard(process: string): void;
    private checkWait;
    private checkServed;
}

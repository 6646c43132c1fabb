import { type Token } from '@mintonce/token-cache';
import { type Caller, type Process } from './process.js';
import { type KeyTruth, type PublishedToken } from './store-truth.js';
import { Witness } from './witness.js';
/** Judges what processes do with tokens that the store marked as rejected, or purged, once they have heard of it. */
export declare class RejectionJudge extends Witness {
    /** A replacement can be had: the source answers, and with lives that make sense. */
    private readonly sourceWorks;
    /** It never forgets a token, and its clock never goes back. */
    private readonly storeKnowsBest;
    /** The store accepted a token. */
    published(truth: KeyTruth, { accessToken }: PublishedToken): void;
    /** A process was told to forget a request, whether or not the store heard of it. */
    purged(process: Process, label: string): void;
    /** @param askedAt when the process last had reason to look for the current token */
    given(process: Process, label: string, { generation, accessToken }: Token, askedAt: number): void;
    private checkOrder;
    private isShared;
    /** A caller is told that its token was refused. */
    refusedForGood({ process, request: { label }, first, last, refusedAt }: Caller): void;
    /** When a process must have heard of what happened to a token: by an event, after a silence, or by growing suspicious. */
    private knownAt;
}

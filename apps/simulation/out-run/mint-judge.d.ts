import { type MintCall } from './book.js';
import { type Failure } from './identity-provider.js';
import { Witness } from './witness.js';
/** Judges every call of the source: whether it was needed, allowed, and counted. */
export declare class MintJudge extends Witness {
    private readonly leftAloneUntil;
    mintBegins(call: MintCall): void;
    mintFailed({ label, fence, process }: MintCall, failure: Failure): void;
    /** What can be told only at the end. */
    closing(): void;
    /** Mints of the run, and the most that the second promise allows: every term but the first is a metric of the library. */
    reckon(): {
        mints: number;
        bound: number;
    };
    private checkLeftAlone;
    /** A lease that was granted beside a fresh token, newer than the one in hand, is no reason to mint. */
    private checkReplacement;
    /** A process may mint alone only when policy lets it and it has nothing in hand. */
    private checkLocal;
    private checkCounts;
    /** Lifetimes that began: the first, those whose predecessor came to its refresh, was dropped, or was lost by the store. */
    private lifetimesOf;
    private leastCooldownMs;
}

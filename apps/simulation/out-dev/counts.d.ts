import { type MintOutcome, type RejectionOutcome, type TokenObserver } from '@mintonce/token-cache';
import { type Library } from './library.js';
/** What one process says of itself through the library's own observer port. */
export interface Counts {
    hits: number;
    misses: number;
    minted: Record<MintOutcome, number>;
    leasesLost: number;
    rejected: Record<RejectionOutcome, number>;
}
export declare function noCounts(): Counts;
/** An observer that counts. */
export declare function counting(library: Library, counts: Counts): TokenObserver;
export declare function mintsOf({ minted }: Counts): number;

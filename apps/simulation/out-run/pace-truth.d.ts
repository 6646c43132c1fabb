import { type Rejection } from '@mintonce/token-cache';
import { type Verdict } from './verdict.js';
/**
 * How soon the tokens of one key may be replaced because they were rejected, by the letter: no sooner than the pace after the
 * last time; the pace doubles up to the longest when a replacement comes within twice the pace, and else begins anew.
 */
export declare class PaceTruth {
    private readonly verdict;
    private last?;
    constructor(verdict: Verdict);
    granted({ paceMs, maxPaceMs, isContested }: Rejection, at: number, process: string): void;
    forget(): void;
}

import { type Token } from '@mintonce/token-cache';
import { type Caller, type Process } from './process.js';
import { type KnownRequest } from './requests.js';
import { Witness } from './witness.js';
/** What one caller was told: an access token, or the code of an error. */
export interface Told {
    readonly process: string;
    readonly label: string;
    readonly what: string;
    readonly askedAt: number;
    readonly at: number;
}
/** Judges what callers get, and when. */
export declare class CallerJudge extends Witness {
    /** What callers were told, in order. */
    readonly told: Told[];
    private readonly judgesHands;
    comes(process: Process, request: KnownRequest, isLast: boolean): Caller;
    leaves(caller: Caller): void;
    /** A caller gets a token: the first, or another after that one was refused. */
    answered(caller: Caller, token: Token): void;
    refused(caller: Caller, error: unknown): void;
    /** A caller that was given a token, and was refused with it, is told that and nothing else. */
    refusedLater({ process }: Caller, error: unknown): void;
    heard(error: unknown): void;
    /** An upstream refuses the token of a caller. */
    rejects(caller: Caller, token: Token): void;
    private checkToken;
    private tell;
    private settles;
    /** With the store gone all along and a valid token in hand, only one store call stands between a caller and its token. */
    private checkServedWithoutStore;
    /** One process that cannot use its source is no reason to refuse the callers of others, who may try for themselves. */
    private checkSickness;
    /** A token that everybody could have had since the caller came; a marked one is better than an error. */
    private validSince;
}

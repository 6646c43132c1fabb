import { type IssuedToken } from './book.js';
import { type Chance } from './chance.js';
/** What the API behind the tokens answers to, besides the token: nobody's fault, and no reason to mint for ever. */
export interface UpstreamMood {
    /** Every token is refused: a missing role, a wrong audience. */
    refusesAll: boolean;
    /** A token is not known before it is so old: replication lag. */
    lagMs: number;
    /** The share of calls that go to a path which answers 401 to everybody. */
    forbiddenShare: number;
}
export declare const CALM_UPSTREAM: Readonly<UpstreamMood>;
/** The API that callers spend their tokens on. */
export declare class Upstream {
    readonly mood: UpstreamMood;
    /** Whether a call with this token is answered 401. */
    refuses(token: IssuedToken, now: number, chance: Chance): boolean;
}

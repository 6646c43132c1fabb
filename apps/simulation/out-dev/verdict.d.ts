/** A promise that did not hold. */
export interface Breach {
    readonly invariant: Invariant;
    readonly detail: string;
}
/** What is judged in every run, by the promise of the design that it belongs to. */
export declare const INVARIANTS: {
    readonly 'the fence of a lease is above every fence before it': 1;
    readonly 'there is one live lease at a time': 1;
    readonly 'the published fence never goes back': 1;
    readonly 'a fence publishes one token': 1;
    readonly 'a token is shared only under the newest fence': 1;
    readonly 'only the generation that was rejected is replaced': 1;
    readonly 'nothing lengthens the life of a published token': 1;
    readonly 'no token is minted without need': 2;
    readonly 'mints are within the bound': 2;
    readonly 'rejected tokens are replaced at most once per pace': 2;
    readonly 'every mint is counted once': 2;
    readonly 'every caller is counted once': 2;
    readonly 'no token is given out past hard expiry': 3;
    readonly 'no token is given out for another request': 3;
    readonly 'no rejected token is given out while another can be had': 3;
    readonly 'no purged token is given out once the fleet knows': 3;
    readonly 'no token is shared again that was rejected or purged': 3;
    readonly 'no process goes back to an older token': 3;
    readonly 'a refused call goes again with another token if one can be had': 3;
    readonly 'a dead holder is replaced in time': 4;
    readonly 'no process waits for itself': 4;
    readonly 'no caller waits past its deadline': 5;
    readonly 'a failing source is left alone for the cool-down': 5;
    readonly 'callers hear errors of this library only': 5;
    readonly 'nobody hears an error in calm weather': 5;
    readonly "a refused call gets the upstream's answer, and no error": 5;
    readonly 'nobody hears an error while the fleet has a token': 5;
    readonly 'a sick process fails no callers but its own': 5;
    readonly 'who waits hears of the token at once': 5;
    readonly 'without the store a token in hand is served in time': 6;
    readonly 'nobody waits with a valid token in hand': 6;
    readonly 'nobody hears an error with a valid token in hand': 6;
    readonly 'a token is minted without the store only by policy and in need': 6;
    readonly 'the fleet recovers by itself': 6;
    readonly 'a schedule ends as it must': 0;
    readonly 'no rejection goes unhandled': 0;
    readonly 'nothing unexpected is logged': 0;
    readonly 'nothing runs in a hot loop': 0;
    readonly 'a shutdown ends in time and leaves nothing behind': 0;
};
export type Invariant = keyof typeof INVARIANTS;
/** Where a run notes the first promise that breaks. */
export declare class Verdict {
    breach?: Breach;
    /** Notes a breach unless the condition holds. */
    expect(condition: boolean, invariant: Invariant, detail: () => string): void;
}

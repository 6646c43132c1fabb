import { type NameFence } from './fence-names.js';
/** What a line of the history concerns, besides its author. */
export interface About {
    /** The label of a request. */
    readonly label?: string | undefined;
    /** All requests of an integration: the library's observers are told no more. */
    readonly integration?: string | undefined;
    /** The process that the store or the provider speaks of. */
    readonly process?: string | undefined;
}
/** One line of the history. */
export interface Entry extends About {
    /** True ms since the beginning of the run. */
    readonly at: number;
    readonly who: string;
    readonly what: string;
}
/** What happened in a run, in order. A campaign keeps none: to collect it costs more than to live through the run. */
export declare class History {
    private readonly clock;
    readonly isKept: boolean;
    readonly entries: Entry[];
    private readonly labels;
    private readonly fences;
    constructor(clock: {
        readonly now: number;
    }, isKept: boolean);
    /** @param what is put into words only when the history is kept */
    say(who: string, what: string | (() => string), { label, integration, process }?: About): void;
    /** Tells what callers call a key of the store. */
    learnKey(keyId: string, label: string): void;
    labelOf(keyId: string): string;
    fencesOf(label: string): NameFence;
}

import { type Campaign } from './campaign.js';
import { type Mutation } from './mutations.js';
/** What became of one defect. It is found when a promise breaks, and not when the library or the simulation falls over it. */
export interface Hunt {
    readonly name: string;
    readonly isFound: boolean;
    /** The first seed that it shows in. */
    readonly seed?: number;
    readonly invariant?: string;
    readonly detail?: string;
    /** What it died of instead of a broken promise. */
    readonly diedOf?: string;
    readonly replay?: string;
}
/** Hunts each defect in a process of its own: a mutant may well hang. */
export declare function huntMutations(mutations: readonly Mutation[], seeds: number): Promise<Hunt[]>;
/** A campaign in a process of its own, or what that process died of. */
export declare function campaignOf(options: readonly string[]): Promise<Campaign | string>;

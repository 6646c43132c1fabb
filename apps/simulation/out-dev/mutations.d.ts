import { type Edit } from './edit.js';
/** A defect put into the library on purpose. */
export interface Mutation {
    readonly name: string;
    readonly edits: readonly Edit[];
    /** The only faults of its runs, where chance would bring them too seldom. @defaultValue those of the seed */
    readonly faults?: readonly string[];
}
/** What others got wrong, and what we could have; the simulation must find each. */
export declare const MUTATIONS: readonly Mutation[];

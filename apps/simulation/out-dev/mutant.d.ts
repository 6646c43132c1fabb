import { type Mutation } from './mutations.js';
/** A copy of the library with a defect. */
export interface Mutant {
    readonly directory: string;
    remove(): void;
}
/** Makes a copy of the built library and edits it there; its dependencies are those of the original. */
export declare function makeMutant(mutation: Mutation): Mutant;
/** @throws Error that names every defect whose texts are no longer in the build: mutations must follow the code */
export declare function expectToFit(mutations: readonly Mutation[]): void;

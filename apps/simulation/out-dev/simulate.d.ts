import { type FaultChoice } from './fault-choice.js';
import { type Entry } from './history.js';
import { type Library } from './library.js';
import { type Breach } from './verdict.js';
import { type Weather } from './weather.js';
import { World } from './world.js';
/** What became of one run. */
export interface Outcome {
    readonly seed: number;
    readonly faults: readonly string[];
    readonly breach?: Breach;
    /** A mistake of the program under test, which may be the cause of the breach. */
    readonly crash?: string;
    readonly simulatedMs: number;
    readonly events: number;
    readonly processes: number;
    readonly mints: number;
    readonly bound: number;
    readonly answers: number;
    readonly errors: Readonly<Record<string, number>>;
    /** Empty unless it was asked for. */
    readonly history: readonly Entry[];
}
/** A run written by hand, instead of chance. */
export interface Script {
    readonly weather: Partial<Weather>;
    play(world: World): void;
    /** What is wrong at the end, if anything. */
    check(world: World): string | undefined;
}
export interface RunOptions extends FaultChoice {
    readonly script?: Script | undefined;
    /** Collects the history and watches for crashes: for one run, not for a campaign. */
    readonly isTold?: boolean;
}
/** Lets a fleet live through the run of that seed, up to the first promise that breaks. */
export declare function simulate(seed: number, library: Library, { script, isTold, ...choice }?: RunOptions): Promise<Outcome>;

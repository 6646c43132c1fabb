import { type Script } from './simulate.js';
/** An order of events that is known to break locks and caches. */
export interface Schedule extends Script {
    readonly name: string;
    readonly promises: readonly number[];
    /** Who it broke, or who described it. */
    readonly origin: string;
}
/** The seed of jitter and delays: a schedule leaves nothing else to chance. */
export declare const SCHEDULE_SEED = 1;
export declare const SCHEDULES: readonly Schedule[];

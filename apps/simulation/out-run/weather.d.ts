import { type NearCachePolicy, type TokenPolicy } from '@mintonce/token-cache';
import { type Chance } from './chance.js';
import { type Disturbance, type Fault } from './fault.js';
import { type FaultChoice } from './fault-choice.js';
/** What a run is like: how many processes with which policy, and what befalls them. */
export interface Weather {
    readonly processes: number;
    readonly requests: number;
    readonly policy: TokenPolicy;
    readonly nearCache: Partial<NearCachePolicy> | false;
    readonly hasEvents: boolean;
    readonly lifeMs: number;
    /** Mean of what a message to or from the store takes. */
    readonly delayMs: number;
    readonly mintMs: number;
    /** Mean time between two callers of one process. */
    readonly callEveryMs: number;
    readonly faults: readonly Fault[];
    /** How long faults strike; then everything heals. */
    readonly troubleMs: number;
}
export declare function weatherOf(chance: Chance, choice?: FaultChoice): Weather;
export declare function disturbs(weather: Weather, ...what: readonly Disturbance[]): boolean;

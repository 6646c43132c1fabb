import { type Campaign } from './campaign.js';
import { type Hunt } from './mutation-hunt.js';
import { type Breach } from './verdict.js';
export declare function reportOf({ broken, ...campaign }: Campaign): string;
/** One run that was replayed, with as much of its history as was asked for. */
export interface ReplayedRun {
    readonly name: string;
    readonly faults: readonly string[];
    readonly breach?: Breach;
    readonly crash?: string;
    readonly history: readonly string[];
}
export declare function reportOfRun({ name, faults, breach, crash, history }: ReplayedRun): string;
/** One schedule of those that were played. */
export interface PlayedSchedule {
    readonly name: string;
    readonly breach?: Breach;
    readonly replay: string;
}
export declare function reportOfSchedules(played: readonly PlayedSchedule[]): string;
/** A table in Markdown. */
export declare function reportOfHunts(hunts: readonly Hunt[]): string;

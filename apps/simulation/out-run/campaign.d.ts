import { type FaultChoice } from './fault-choice.js';
import { type Library } from './library.js';
import { type Outcome } from './simulate.js';
/** What many runs came to. */
export interface Campaign {
    readonly runs: number;
    readonly seconds: number;
    readonly simulatedHours: number;
    readonly processes: number;
    readonly mints: number;
    readonly bound: number;
    readonly answers: number;
    /** What callers heard besides tokens, by code. */
    readonly errors: Readonly<Record<string, number>>;
    /** In how many runs each fault struck; `none` in calm weather. */
    readonly faults: Readonly<Record<string, number>>;
    readonly broken: readonly BrokenRun[];
}
export type BrokenRun = Pick<Outcome, 'seed' | 'faults' | 'crash'> & Required<Pick<Outcome, 'breach'>> & {
    readonly last: readonly string[];
    readonly replay: string;
};
export interface CampaignOptions extends FaultChoice {
    /** The `--library` of the command that replays a run. */
    readonly library?: string | undefined;
    readonly from: number;
    readonly seeds: number;
    readonly stopAtFirst: boolean;
    onRun?(outcome: Outcome): void;
}
/** Runs seed after seed. */
export declare function campaign(library: Library, options: CampaignOptions): Promise<Campaign>;

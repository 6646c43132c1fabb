import { type Entry } from './history.js';
/** What of a history is to be printed. */
export interface HistoryFilter {
    readonly keys?: readonly string[] | undefined;
    readonly processes?: readonly string[] | undefined;
    readonly fromMs?: number | undefined;
    readonly toMs?: number | undefined;
}
/** The lines that a reader asked for. What concerns no key or no process in particular may explain any of them, and stays. */
export declare function selectLines(entries: readonly Entry[], filter: HistoryFilter): string[];

import { type Flags } from './flags.js';
import { type Library } from './library.js';
import { type ReplayedRun } from './report.js';
/** Lives through one run, a seed or a schedule, and keeps of its history what was asked for. */
export declare function replay(library: Library, flags: Flags): Promise<ReplayedRun>;

import { type Caller, type Process } from './process.js';
import { Witness } from './witness.js';
/**
 * Judges that a process which holds a good token gives it away, whatever store and source do: after one store call at the
 * latest, and never an error instead.
 */
export declare class HandJudge extends Witness {
    /** The token that a process could give out now, as far as it has heard. */
    heldBy(process: Process, label: string): string | undefined;
    served(caller: Caller, waitedMs: number): void;
    refused(caller: Caller, code: string): void;
    /** Valid by both clocks of its process for long enough to be given out, and neither purged nor rejected. */
    private isStillGood;
}

import { type Process } from './process.js';
import { type KeyTruth, type PublishedToken } from './store-truth.js';
import { Witness } from './witness.js';
/** Judges what processes make of the news: of a token, of a death, of their own end. */
export declare class ProcessJudge extends Witness {
    /** Called after each event, with the store's truth up to date. */
    published(truth: KeyTruth, token: PublishedToken): void;
    /** By an event in time, by a look around when its channel came up, or by polls since it broke. */
    private hasHeard;
    died(process: Process): void;
    shutDown(process: Process, tookMs: number): void;
    private expectReplacement;
}

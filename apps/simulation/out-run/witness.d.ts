import { type IssuedToken } from './book.js';
import { type Caller, type Process } from './process.js';
import { type KeyTruth, type PublishedToken } from './store-truth.js';
import { type Verdict } from './verdict.js';
import { type World } from './world.js';
/** What messages of a calm network take together, at most: several one after another. */
export declare const NETWORK_MS = 80;
/** What every judge can know, being outside of the world: how strictly it may judge, and the truth behind what processes see. */
export declare abstract class Witness {
    protected readonly world: World;
    protected readonly verdict: Verdict;
    /** Nothing is wrong that a caller could notice. */
    protected readonly isCalm: boolean;
    /** With the store, the way to it and the processes in order, the fleet mints only what it needs. */
    protected readonly isOrderly: boolean;
    protected readonly eventsArrive: boolean;
    constructor(world: World);
    /** Nothing stands between the processes and the part of the store that a request goes to. */
    protected isOrderlyFor(label: string): boolean;
    protected get now(): number;
    protected truthOf(label: string): KeyTruth | undefined;
    /** By the provider's book, or sooner where the store took off its life what a commit took to arrive. */
    protected hardExpiryOf({ accessToken, storedAt, ttlMs }: PublishedToken): number;
    /** When a process may have to believe that a token is over: by the provider's book, or sooner if it has it from the store. */
    protected soonestEndOf(label: string, { accessToken, soonestExpiryAt }: IssuedToken): number;
    protected wasVoided(label: string, accessToken: string): boolean;
    protected wasPurged(label: string): boolean;
    protected pendingSince(label: string | undefined, at: number, concerns?: (process: Process) => boolean): Caller | undefined;
}

import { type TokenStoreEvent } from '@mintonce/token-cache';
import { type History } from './history.js';
import { type StoreCall } from './store-call.js';
/** Tells the history what becomes of calls of the store and of its events. */
export declare class StoreNarrator {
    private readonly history;
    constructor(history: History);
    executed(call: StoreCall, answer: unknown): void;
    delivered(call: StoreCall, answer: unknown, tookMs: number): void;
    lost(call: StoreCall, why: string): void;
    /** @param became when and how it arrived, or why it did not */
    event(process: string, event: TokenStoreEvent, became: string): void;
    private tell;
    private answer;
    private labelOf;
}

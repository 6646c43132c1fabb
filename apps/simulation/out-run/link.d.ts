import { type Chance } from './chance.js';
import { type Host } from './host.js';
import { type StoreOperation } from './store-call.js';
import { type StoreServer } from './store-server.js';
import { type VirtualTime } from './virtual-time.js';
/** How a network treats the messages between one process and the store. */
export interface LinkConditions {
    /** Mean of what a message takes beyond the least. */
    delayMs: number;
    loseRequests: number;
    loseReplies: number;
    /** The client sends again what it heard nothing of, as ioredis does, although it arrived. */
    duplicate: number;
}
/** One process's way to the store and back. */
export declare class Link {
    private readonly time;
    private readonly server;
    private readonly host;
    private readonly chance;
    private readonly usualDelayMs;
    conditions: LinkConditions;
    calls: number;
    constructor(time: VirtualTime, server: StoreServer, host: Host, chance: Chance, usualDelayMs: number);
    /** Everything arrives, once and soon. */
    calm(): LinkConditions;
    call(operation: StoreOperation, args: readonly unknown[]): Promise<unknown>;
    delay(): number;
    private send;
    private lose;
}

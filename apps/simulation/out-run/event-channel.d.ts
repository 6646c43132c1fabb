import { type TokenStoreEvent, type TokenStoreEvents, type TokenStoreListener } from '@mintonce/token-cache';
import { type Host } from './host.js';
import { type Link } from './link.js';
import { type StoreServer } from './store-server.js';
import { type VirtualTime } from './virtual-time.js';
/** One process's subscription: in order while it lasts, at most once, and sometimes dead without anybody knowing. */
export declare class EventChannel implements TokenStoreEvents {
    private readonly time;
    private readonly server;
    private readonly host;
    private readonly link;
    state: 'down' | 'up' | 'deaf';
    /** What an event takes beyond the network, and the most that it ever took. */
    extraDelayMs: number;
    mostExtraDelayMs: number;
    upAt: number;
    /** When it last came up, broke or fell silent. */
    changedAt: number;
    private listener?;
    private connection;
    private lastArrivesAt;
    constructor(time: VirtualTime, server: StoreServer, host: Host, link: Link);
    subscribe(listener: TokenStoreListener): () => void;
    publish(event: TokenStoreEvent): void;
    /** The connection breaks, and the process notices. */
    break(forMs?: number): void;
    /** Nothing arrives any more, and nobody notices until the heartbeat fails. */
    deafen(forMs: number): void;
    private connect;
    private tell;
}

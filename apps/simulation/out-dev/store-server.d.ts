import { type TokenStoreEvent } from '@mintonce/token-cache';
import { type History } from './history.js';
import { Host } from './host.js';
import { type Library } from './library.js';
import { type StoreCall } from './store-call.js';
import { StoreNarrator } from './store-narrator.js';
import { KeyTruth, type PublishedToken } from './store-truth.js';
import { type Verdict } from './verdict.js';
import { type VirtualTime } from './virtual-time.js';
/** Whether the server can be talked to. */
export type ServerState = 'up' | 'refusing' | 'silent';
/** The server that the fleet shares: the library's own steps behind a clock, a log for its replica, and a witness. */
export declare class StoreServer {
    private readonly time;
    private readonly library;
    private readonly history;
    private readonly verdict;
    readonly host: Host;
    state: ServerState;
    /** What each call takes beyond the network. */
    slownessMs: number;
    /** How far its clock was ever set back: lives and leases of then last longer by as much. */
    setBackMs: number;
    clockSteps: number;
    onEvent: (event: TokenStoreEvent) => void;
    onPublished: (truth: KeyTruth, token: PublishedToken) => void;
    readonly truths: Map<string, KeyTruth>;
    readonly narrator: StoreNarrator;
    /** Keys whose shard cannot be talked to, and all that ever were. */
    readonly broken: Map<string, ServerState>;
    readonly everBroken: Set<string>;
    private store;
    private log;
    private replaying?;
    constructor(time: VirtualTime, library: Library, history: History, verdict: Verdict);
    truthOf(keyId: string): KeyTruth;
    /** Whether the part of the server that a call goes to can be talked to. */
    stateFor(call: StoreCall): ServerState;
    breakKey(keyId: string, state: ServerState): void;
    mendKey(keyId: string): void;
    execute(call: StoreCall): Promise<unknown>;
    /** Sets the clock; leases and lives are reckoned by it. */
    stepClock(byMs: number): void;
    /** Comes back with nothing. */
    loseEverything(): void;
    /** A replica takes over that has not heard of the last writes. */
    failOver(lostMs: number): void;
    /** The replica took the same steps in the same order; what it knows is the truth from now on. */
    private replay;
    private emptyStore;
    private clock;
    private listen;
    private witness;
}

import { type Token, type TokenClient, type TokenStore } from '@mintonce/token-cache';
import { type Counts } from './counts.js';
import { type EventChannel } from './event-channel.js';
import { type Host } from './host.js';
import { type Link } from './link.js';
import { type KnownRequest } from './requests.js';
/** Somebody who asked a process for a token. */
export interface Caller {
    readonly process: Process;
    readonly request: KnownRequest;
    readonly askedAt: number;
    /** How long the process had been paused in all when the caller came. */
    readonly pausedMsBefore: number;
    /** What the process held then. */
    readonly inHand?: string | undefined;
    /** No other caller was waiting for the same. */
    readonly isAlone: boolean;
    readonly storeWasGone: boolean;
    readonly isLast: boolean;
    /** The first token that it was given, and the last. */
    first?: Token;
    last?: Token;
    /** When an upstream last refused it. */
    refusedAt?: number;
}
/** One process of the fleet: the real service, its way to the store, and an account of its callers. */
export declare class Process {
    readonly host: Host;
    readonly link: Link;
    readonly channel: EventChannel | undefined;
    client: TokenClient;
    readonly counts: Counts;
    readonly pending: Set<Caller>;
    /** Access tokens that its callers were refused with, and when first. */
    readonly rejectedAt: Map<string, number>;
    /** The token that each request was last answered with. */
    readonly inHand: Map<string, Token>;
    /** What the wall clock said beyond the true time when a token came to hand. */
    readonly wallOffsetAt: Map<string, number>;
    /** What an operator told this process to forget, whether or not the store could be told. */
    readonly purged: Set<string>;
    /** Access tokens that it alone had when it was told so. */
    readonly purgedTokens: Set<string>;
    /** The newest generation that it gave out for each request, and when first. */
    readonly newest: Map<string, {
        readonly generation: number;
        readonly at: number;
    }>;
    /** Requests to the upstream that are not over. */
    sending: number;
    came: number;
    left: number;
    /** Calls of the token endpoint. */
    asked: number;
    pausedMs: number;
    pausedAt?: number;
    resumedAt: number;
    isClosing: boolean;
    isClosed: boolean;
    constructor(host: Host, link: Link, channel: EventChannel | undefined);
    get name(): string;
    /** Whether it can be asked for tokens. */
    get serves(): boolean;
    isWaitingFor(label: string): boolean;
    /** The store as this process sees it: through its link, and its event channel if there is one. */
    store(onClose: () => void): TokenStore;
}

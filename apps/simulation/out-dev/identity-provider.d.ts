import { type MintContext, type MintedToken, type TokenPolicy, type TokenRequest } from '@mintonce/token-cache';
import { type IssuedToken, type MintCall } from './book.js';
import { type Chance } from './chance.js';
import { type History } from './history.js';
import { Host } from './host.js';
import { type Library } from './library.js';
import { type VirtualTime } from './virtual-time.js';
export type Failure = 'unavailable' | 'throttled' | 'rejected' | 'odd' | 'unreachable';
/** What the provider is like at the moment. */
export interface Mood {
    /** Mean of what a call takes. */
    slownessMs: number;
    failureRate: number;
    failures: readonly Failure[];
    /** The answer never arrives, although a token was issued. */
    loseReplies: number;
    /** Said of every token; need not make sense. */
    expiresInMs: unknown;
    /** The same token is given until it ends, and with it what is left of its life, or its whole life as if it were new. */
    repeats?: 'remaining' | 'whole' | undefined;
}
export declare const RETRY_AFTER_MS = 7000;
/** The identity provider: it checks no fence, keeps a book of every token, and has moods. */
export declare class IdentityProvider {
    readonly mood: Mood;
    private readonly time;
    private readonly library;
    private readonly policy;
    private readonly chance;
    private readonly history;
    readonly host: Host;
    readonly tokens: Map<string, IssuedToken>;
    readonly calls: MintCall[];
    /** Of the token that lived shortest. */
    leastUsableMs: number;
    /** The tokens that were given again, and how often in all. */
    readonly repeated: Set<string>;
    repetitions: number;
    /** What befalls the calls of single processes: an outdated secret, a broken egress. */
    readonly sick: Map<string, Failure>;
    readonly everSick: Set<string>;
    onCall: (call: MintCall) => void;
    onFailure: (call: MintCall, failure: Failure) => void;
    constructor(mood: Mood, time: VirtualTime, library: Library, policy: TokenPolicy, chance: Chance, history: History);
    /** One call to the token endpoint from a process, as a token source makes it. */
    mint(process: Host, request: TokenRequest, { signal, fence, integration }: MintContext): Promise<MintedToken>;
    private answer;
    private issue;
    /** Gives the last token of that request again, if it is that kind of provider and the token still lives. */
    private repeat;
    private errorOf;
    private networkMs;
    private thinkingMs;
}
/** A request as the provider tells it from others. */
export declare function labelOf(integration: string, request: TokenRequest): string;

import { type Chance } from './chance.js';
import { type About, History } from './history.js';
import { HandJudge } from './hand-judge.js';
import { IdentityProvider } from './identity-provider.js';
import { CallerJudge } from './caller-judge.js';
import { MintJudge } from './mint-judge.js';
import { ProcessJudge } from './process-judge.js';
import { type Library } from './library.js';
import { Process } from './process.js';
import { type KnownRequest } from './requests.js';
import { RejectionJudge } from './rejection-judge.js';
import { StoreServer } from './store-server.js';
import { Upstream } from './upstream.js';
import { Verdict } from './verdict.js';
import { VirtualTime } from './virtual-time.js';
import { type Weather } from './weather.js';
export interface Asking {
    readonly leavesAfterMs?: number;
    /** Takes a token, and tells the library nothing of what becomes of it unless it is refused. */
    readonly isByHand?: boolean;
    /** Asked after everything has healed. */
    readonly isLast?: boolean;
    /** Not sent again after a 401. */
    readonly isSecondTry?: boolean;
}
/** The fleet, what it shares, and everybody who uses it. */
export declare class World {
    readonly weather: Weather;
    private readonly library;
    private readonly chance;
    readonly time: VirtualTime;
    readonly history: History;
    readonly verdict: Verdict;
    readonly server: StoreServer;
    readonly idp: IdentityProvider;
    readonly callers: CallerJudge;
    readonly mints: MintJudge;
    readonly hands: HandJudge;
    readonly rejections: RejectionJudge;
    readonly fates: ProcessJudge;
    readonly upstream: Upstream;
    /** Those that are running. */
    processes: Process[];
    /** Those that ever ran. */
    readonly everyone: Process[];
    readonly requests: readonly KnownRequest[];
    isHealed: boolean;
    /** What is to happen as soon as a token of a request is shared. */
    readonly traps: Map<string, () => void>;
    /** What the store calls the requests. */
    readonly keyIds: Map<string, string>;
    constructor(weather: Weather, library: Library, chance: Chance, isTold?: boolean);
    /** Names of the processes that hold a lease, as far as the store knows. */
    get holders(): ReadonlySet<string>;
    say(who: string, what: string, about?: About): void;
    /** The end of something that a fault began; everything ends when the world heals. */
    later(delayMs: number, run: () => void): void;
    start(): Process;
    kill(process: Process): void;
    pause(process: Process): void;
    /** Its machine sleeps, and with it its monotonic clock. */
    suspend(process: Process): void;
    resume(process: Process, timersFirst?: boolean): void;
    shutDown(process: Process): void;
    /** A caller comes to a process, uses its token, and reports it if it is rejected. */
    ask(process: Process, request: KnownRequest, asking?: Asking): void;
    purge(process: Process, { integration, asked, label }: KnownRequest): void;
    /** A caller of each process. */
    askAll(request: KnownRequest): void;
    calmLinks(processes: readonly Process[]): void;
    calmUpstream(): void;
    bringServerUp(): void;
    resumeServer(): void;
    /** Everything works again, from now on. */
    heal(): void;
    /** Asks the library itself, with a store that listens. */
    learnKeys(): Promise<void>;
    private spring;
    private boot;
    /** A caller takes a token and uses it, or leaves that to the library. */
    private serve;
    /** By the library's own rule of a refused token. */
    private send;
    /** By hand: a refused token is reported, and the request is made once more. */
    private use;
    /** What the upstream says of a token; its answer may come late, when there is a new one. */
    private answerTo;
}

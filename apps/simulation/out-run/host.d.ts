import { type Task } from './event-queue.js';
/** Something with a life and clocks of its own: a process of the fleet, the store's server, the identity provider. */
export declare class Host {
    readonly name: string;
    readonly bootedMsAgo: number;
    isPaused: boolean;
    isDead: boolean;
    /** What its wall clock says beyond the true time; a step changes it. */
    wallOffsetMs: number;
    /** Its machine sleeps: its monotonic clock and its timers stand still, its wall clock goes on. */
    isSuspended: boolean;
    /** How long it slept in all: what its monotonic clock is behind. */
    suspendedMs: number;
    /** What fell due while it was paused. */
    readonly held: Task[];
    /** @param bootedMsAgo makes monotonic clocks of different hosts incomparable, as they are */
    constructor(name: string, bootedMsAgo?: number);
}

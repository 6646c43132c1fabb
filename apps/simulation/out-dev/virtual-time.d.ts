import { type Task } from './event-queue.js';
import { Host } from './host.js';
/**
 * Time that passes only from event to event. Everything that runs belongs to the host of the event under way, until the
 * microtasks that it caused are done: hosts speak to each other through the queue alone, so no bookkeeping of contexts is
 * needed. While it is installed, the timers and clocks of the global object are those of that host.
 */
export declare class VirtualTime {
    /** True ms since the beginning; nobody in the simulation can see it. */
    now: number;
    /** The world itself: it is never paused and never dies. */
    readonly world: Host;
    /** Events so far. */
    events: number;
    private current;
    private sequence;
    private readonly queue;
    get host(): Host;
    /** Epoch ms as `host` believes. */
    wallClockOf(host: Host): number;
    /** Runs `run` on `host` after a delay, unless the host is dead by then or the returned function was called. */
    after(delayMs: number, host: Host, run: () => void, kind?: Task['kind']): () => void;
    /**
     * What fell due meanwhile is run at once, in order; a process that wakes up sees its timers or its sockets first. Timers of a
     * host that slept are due later by as long as it slept.
     *
     * @param pausedMs for how long it was paused
     */
    resume(host: Host, timersFirst: boolean, pausedMs?: number): void;
    /** Timers that a host still has. */
    timersOf(host: Host): number;
    /** Lets everything happen up to `until`; `afterEach` looks at the world after each event and may end the run. */
    run(until: number, afterEach: () => boolean): Promise<void>;
    /** Takes over the global timers and clocks; the returned function gives them back. */
    install(): () => void;
    /** Queues a timer again, later, if its host slept since it was set. */
    private isPutOff;
    private queueAgain;
    private timer;
    private interval;
}

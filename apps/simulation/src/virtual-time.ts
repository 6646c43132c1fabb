import { EventQueue, type Task } from './event-queue.js';
import { Host } from './host.js';

/** Where every run begins. */
const EPOCH_MS = Date.UTC(2026, 0, 1);

const realSetImmediate = globalThis.setImmediate;

/**
 * Time that passes only from event to event. Everything that runs belongs to the host of the event under way, until the
 * microtasks that it caused are done: hosts speak to each other through the queue alone, so no bookkeeping of contexts is
 * needed. While it is installed, the timers and clocks of the global object are those of that host.
 */
export class VirtualTime {
  /** True ms since the beginning; nobody in the simulation can see it. */
  now = 0;
  /** The world itself: it is never paused and never dies. */
  readonly world = new Host('world');
  /** Events so far. */
  events = 0;
  private current: Host = this.world;
  private sequence = 0;
  private readonly queue = new EventQueue();
  /** What fell due while its host was paused. */
  private readonly held = new Map<Host, Task[]>();

  get host(): Host {
    return this.current;
  }

  /** Epoch ms as `host` believes. */
  wallClockOf(host: Host): number {
    return EPOCH_MS + this.now + host.wallOffsetMs;
  }

  /** Runs `run` on `host` after a delay, unless the host is dead by then or the returned function was called. */
  after(delayMs: number, host: Host, run: () => void, kind: Task['kind'] = 'message'): () => void {
    const at = this.now + Math.max(0, delayMs);
    const { suspendedMs } = host;
    const task: Task = { at, sequence: 0, host, kind, run, isCancelled: false, suspendedMsBefore: suspendedMs };
    this.queueAgain(task);
    return () => void (task.isCancelled = true);
  }

  /**
   * What fell due meanwhile is run at once, in order; a process that wakes up sees its timers or its sockets first. Timers of a
   * host that slept are due later by as long as it slept.
   *
   * @param pausedMs for how long it was paused
   */
  resume(host: Host, timersFirst: boolean, pausedMs = 0): void {
    host.isPaused = false;
    if (host.isSuspended) host.suspendedMs += pausedMs;
    host.isSuspended = false;
    const held = this.held.get(host) ?? [];
    this.held.delete(host);
    const isFirst = ({ kind }: Task): boolean => (kind === 'timer') === timersFirst;
    for (const task of [...held.filter(isFirst), ...held.filter((other) => !isFirst(other))]) {
      if (!this.isPutOff(task)) this.queueAgain(task, this.now);
    }
  }

  /** Timers that a host still has. */
  timersOf(host: Host): number {
    return this.queue.tasks.filter((task) => task.host === host && task.kind === 'timer' && !task.isCancelled).length;
  }

  /** Lets everything happen up to `until`; `afterEach` looks at the world after each event and may end the run. */
  async run(until: number, afterEach: () => boolean): Promise<void> {
    for (let task = this.queue.next; task !== undefined && task.at <= until; task = this.queue.next) {
      this.queue.pop();
      if (task.isCancelled || task.host.isDead) continue;
      if (task.host.isPaused) {
        this.hold(task);
        continue;
      }
      if (this.isPutOff(task)) continue;
      this.now = task.at;
      this.events++;
      this.current = task.host;
      task.run();
      // Node gets through all microtasks, and tells of unhandled rejections, before it comes to this. The world has none.
      if (task.host !== this.world) await new Promise<void>((resolve) => realSetImmediate(resolve));
      this.current = this.world;
      if (afterEach()) return;
    }
    this.now = Math.max(this.now, until);
  }

  /** Takes over the global timers and clocks; the returned function gives them back. */
  install(): () => void {
    const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate } = globalThis;
    const { now } = Date;
    Object.assign(globalThis, {
      setTimeout: (run: () => void, delayMs = 0) => this.timer(delayMs, run),
      setInterval: (run: () => void, delayMs = 0) => this.interval(delayMs, run),
      clearTimeout: (timer?: VirtualTimer) => timer?.cancel(),
      clearInterval: (timer?: VirtualTimer) => timer?.cancel(),
      // Whatever arrived by then is read before: an immediate runs after the poll phase.
      setImmediate: (run: () => void) => new VirtualTimer(this.after(0, this.current, run)),
      clearImmediate: (timer?: VirtualTimer) => timer?.cancel(),
    });
    Date.now = () => Math.floor(this.wallClockOf(this.current));
    Object.defineProperty(performance, 'now', {
      value: () => this.now + this.current.bootedMsAgo - this.current.suspendedMs,
      configurable: true,
      writable: true,
    });
    return () => {
      Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate });
      Date.now = now;
      Reflect.deleteProperty(performance, 'now');
    };
  }

  /** Queues a timer again, later, if its host slept since it was set. */
  private isPutOff(task: Task): boolean {
    const sleptMs = task.host.suspendedMs - task.suspendedMsBefore;
    if (task.kind !== 'timer' || sleptMs === 0) return false;
    task.suspendedMsBefore += sleptMs;
    this.queueAgain(task, task.at + sleptMs);
    return true;
  }

  private hold(task: Task): void {
    const held = this.held.get(task.host);
    if (held) held.push(task);
    else this.held.set(task.host, [task]);
  }

  private queueAgain(task: Task, at = task.at): void {
    this.queue.push(Object.assign(task, { at, sequence: this.sequence++ }));
  }

  private timer(delayMs: number, run: () => void): VirtualTimer {
    return new VirtualTimer(this.after(atLeastOneMs(delayMs), this.current, run, 'timer'));
  }

  private interval(delayMs: number, run: () => void): VirtualTimer {
    const host = this.current;
    const timer = new VirtualTimer(() => {});
    const again = (): void => {
      timer.cancel = this.after(
        atLeastOneMs(delayMs),
        host,
        () => {
          again();
          run();
        },
        'timer',
      );
    };
    again();
    return timer;
  }
}

/** As much of Node's `Timeout` as anybody uses. */
class VirtualTimer {
  constructor(public cancel: () => void) {}

  unref(): this {
    return this;
  }
}

/** Node's rule. */
function atLeastOneMs(delayMs: number): number {
  return Math.max(1, Math.trunc(delayMs));
}

import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How often the event loop is looked at: what is shorter is not seen. */
const EVERY_MS = 10;

/** How long the event loop of this process was held up: by a machine that had no time for it, or by its own work. */
export class HoldUps {
  private readonly seen = monitorEventLoopDelay({ resolution: EVERY_MS });

  constructor() {
    this.seen.enable();
  }

  /** All hold-ups since the start, in ms: what was done meanwhile may have been held up by each of them. */
  get totalMs(): number {
    const { count, mean } = this.seen;
    return count === 0 ? 0 : Math.max(0, count * (mean / 1e6 - EVERY_MS));
  }

  stop(): void {
    this.seen.disable();
  }
}

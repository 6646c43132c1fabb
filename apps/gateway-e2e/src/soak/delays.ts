import { type Sample } from '../metrics.js';
import { type FaultWindow, isTouchedBy } from './fault-window.js';

interface Measured {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly maxMs: number;
  readonly p99Ms: number;
}

export interface EventLoopDelay {
  readonly maxMs: number;
  /** The workers' mean 99th percentile since the scrape before; of all scrapes the median. */
  readonly p99Ms: number;
}

/** The delay of the workers' event loops. */
export class Delays {
  private readonly measured: Measured[] = [];
  private lastAt = -Infinity;

  see(samples: readonly Sample[], at: number): void {
    const worst = (metric: string) =>
      1_000 * Math.max(0, ...samples.filter(({ name }) => name === metric).map(({ value }) => value || 0));
    this.measured.push({
      startedAt: this.lastAt,
      endedAt: at,
      maxMs: worst('nodejs_eventloop_lag_max_seconds'),
      p99Ms: worst('nodejs_eventloop_lag_p99_seconds'),
    });
    this.lastAt = at;
  }

  /** Without the times of these faults. */
  outside(windows: readonly FaultWindow[]): EventLoopDelay {
    const calm = this.measured.filter((measured) => !windows.some((window) => isTouchedBy(window, measured)));
    const p99s = calm.map(({ p99Ms }) => p99Ms).sort((a, b) => a - b);
    return { maxMs: Math.max(0, ...calm.map(({ maxMs }) => maxMs)), p99Ms: p99s[Math.floor(p99s.length / 2)] ?? 0 };
  }
}

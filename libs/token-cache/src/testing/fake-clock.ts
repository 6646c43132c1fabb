import { type Clock } from '../core/contract/clock.js';

/**
 * A clock for tests: its time passes only in `advance`.
 *
 * @example
 * const clock = new FakeClock();
 * TokenCacheModule.forRoot({ store: new MemoryTokenStore({ clock }), clock, integrations });
 * await clock.advance(3_600_000);
 */
export class FakeClock implements Clock {
  private elapsedMs = 0;
  private wallAheadMs = 0;
  private readonly timers = new Set<{ at: number; callback: () => void }>();

  /** @param startAt time at the start, in epoch ms. @defaultValue 1 January 2026, 00:00 UTC */
  constructor(private readonly startAt = Date.UTC(2026, 0, 1)) {}

  /** The wall clock, in epoch ms. */
  now(): number {
    return this.startAt + this.elapsedMs + this.wallAheadMs;
  }

  /** Ms since the start. */
  monotonic(): number {
    return this.elapsedMs;
  }

  /** Calls back once, when `delayMs` have passed; the returned function cancels it. */
  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.elapsedMs + Math.max(delayMs, 0), callback };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  /**
   * Moves the wall clock alone, as a suspended machine does, or a clock that is set; back when `durationMs` is negative. No timer
   * fires: timers go by the monotonic clock.
   */
  moveWall(durationMs: number): void {
    this.wallAheadMs += durationMs;
  }

  /** Moves the time forward by `durationMs`. Each timer fires at its instant; its promises settle before the next one fires. */
  async advance(durationMs: number): Promise<void> {
    const until = this.elapsedMs + durationMs;
    await settle();
    for (let next = this.next(until); next; next = this.next(until)) {
      this.elapsedMs = next.at;
      this.timers.delete(next);
      next.callback();
      await settle();
    }
    this.elapsedMs = until;
  }

  private next(until: number): { at: number; callback: () => void } | undefined {
    return [...this.timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
  }
}

/** Resolves after all promises that are ready have settled. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

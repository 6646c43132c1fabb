import { type Clock } from '../core/contract/clock.js';

/** Time that passes only when told to. */
export class FakeClock implements Clock {
  private elapsedMs = 0;
  private readonly timers = new Set<{ at: number; callback: () => void }>();

  /** @param startAt epoch ms at the beginning */
  constructor(private readonly startAt = Date.UTC(2026, 0, 1)) {}

  now(): number {
    return this.startAt + this.elapsedMs;
  }

  monotonic(): number {
    return this.elapsedMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.elapsedMs + Math.max(delayMs, 0), callback };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  /** Lets time pass, with each timer at its instant and what follows from it before the next. */
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

/** Lets every promise that can settle do so. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

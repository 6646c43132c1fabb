import { afterInput, type Clock } from '../contract/clock.js';

/** A time limit is measured in parts, so that a stalled event loop costs a call one of them at most. */
const PARTS = 4;

/** The store did not answer in time. */
export class NoAnswerError extends Error {
  constructor(limitMs: number) {
    super(`no answer within ${limitMs} ms`);
  }
}

/**
 * Time for one piece of work, in which the event loop runs: a part of the limit that a stall prolongs counts as its own length.
 * Before it is over, an answer that has arrived is read. It begins when it is made.
 */
export class TimeLimit {
  isOver = false;
  private readonly end: Promise<never>;
  private readonly partMs: number;
  private partEndsAt = 0;
  private wasLate = false;
  private isCancelled = false;
  private cancelPart: () => void = () => {};

  constructor(
    private readonly clock: Clock,
    private readonly limitMs: number,
  ) {
    // Timers count whole ms.
    this.partMs = Math.ceil(limitMs / PARTS);
    this.end = new Promise((_, reject) => this.run(limitMs, reject));
  }

  /** The event loop was blocked meanwhile, so this process may be what was too slow. */
  get hasStalled(): boolean {
    return this.wasLate || this.clock.monotonic() - this.partEndsAt > this.partMs;
  }

  /** @throws NoAnswerError when the work is not done in time, and what it throws */
  async bound<T>(work: Promise<T>): Promise<T> {
    try {
      return await Promise.race([work, this.end]);
    } finally {
      this.isCancelled = true;
      this.cancelPart();
    }
  }

  private run(remainingMs: number, reject: (error: NoAnswerError) => void): void {
    const partMs = Math.min(remainingMs, this.partMs);
    this.partEndsAt = this.clock.monotonic() + partMs;
    this.cancelPart = this.clock.after(partMs, () => {
      this.wasLate = this.hasStalled;
      if (partMs < remainingMs) return this.run(remainingMs - partMs, reject);
      afterInput(this.clock, () => {
        if (this.isCancelled) return;
        this.isOver = true;
        reject(new NoAnswerError(this.limitMs));
      });
    });
  }
}

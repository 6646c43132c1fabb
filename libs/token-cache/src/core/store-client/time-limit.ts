import { type Clock } from '../contract/clock.js';

/** A time limit is measured in parts, so that a stalled event loop costs a call one of them at most. */
const PARTS = 4;

/** The store did not answer in time. */
export class NoAnswerError extends Error {
  constructor(
    limitMs: number,
    /** The event loop was blocked meanwhile, so this process may be what was too slow. */
    readonly hasStalled: boolean,
  ) {
    super(`no answer within ${limitMs} ms`);
  }
}

/**
 * Runs `work` for at most `limitMs` in which the event loop ran: a part of the limit that a stall prolongs counts as its own
 * length. Before it gives up, an answer that has arrived is read.
 *
 * @param work is told whether its time is over
 * @throws NoAnswerError
 */
export async function withinTime<T>(
  clock: Clock,
  limitMs: number,
  work: (isOver: () => boolean) => Promise<T>,
): Promise<T> {
  const limit = new TimeLimit(clock, limitMs);
  try {
    return await Promise.race([work(() => limit.isOver), limit.end]);
  } finally {
    limit.cancel();
  }
}

class TimeLimit {
  isOver = false;
  readonly end: Promise<never>;
  private hasStalled = false;
  private isCancelled = false;
  private cancelPart: () => void = () => {};

  constructor(
    private readonly clock: Clock,
    private readonly limitMs: number,
  ) {
    this.end = new Promise((_, reject) => this.run(limitMs, reject));
  }

  cancel(): void {
    this.isCancelled = true;
    this.cancelPart();
  }

  private run(remainingMs: number, reject: (error: NoAnswerError) => void): void {
    // Timers count whole ms.
    const partMs = Math.min(remainingMs, Math.ceil(this.limitMs / PARTS));
    const dueAt = this.clock.monotonic() + partMs;
    this.cancelPart = this.clock.after(partMs, () => {
      if (this.clock.monotonic() - dueAt > partMs) this.hasStalled = true;
      if (partMs < remainingMs) return this.run(remainingMs - partMs, reject);
      this.afterInput(() => {
        if (this.isCancelled) return;
        this.isOver = true;
        reject(new NoAnswerError(this.limitMs, this.hasStalled));
      });
    });
  }

  private afterInput(callback: () => void): void {
    if (this.clock.afterInput) this.clock.afterInput(callback);
    else callback();
  }
}

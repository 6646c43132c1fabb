/** One that waits looks again after this, growing to the longest. */
const SHORTEST_MS = 50;
const LONGEST_MS = 250;

/**
 * How long one that waits leaves the store alone between two looks. What a look was put off by comes off the next pause: at no moment
 * has it looked more often than if none had been put off, and it catches up with those that come after.
 */
export class LookPace {
  private looks = 0;
  private putOffMs = 0;

  /** The pause before the next look. */
  pauseMs(): number {
    const pauseMs = Math.min(LONGEST_MS, SHORTEST_MS * ++this.looks) - this.putOffMs;
    this.putOffMs = 0;
    return Math.max(SHORTEST_MS, pauseMs);
  }

  /** The look came later than after that pause. */
  wasPutOff(ms: number): void {
    this.putOffMs = ms;
  }
}

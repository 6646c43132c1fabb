import { type Clock } from '../contract/clock.js';
import { pause } from '../contract/pause.js';

/** The first pause; each one is twice as long as the last, up to the longest. */
const SHORTEST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/** Tells the store again, behind the callers' backs, what it did not answer to. */
export class Retries {
  private readonly running = new Set<Promise<void>>();

  /** @param closed ends them: no call is begun any more */
  constructor(
    private readonly clock: Clock,
    private readonly closed: AbortSignal,
  ) {}

  /**
   * Makes a call at once, and then with ever longer pauses, until it is done or its time is over.
   *
   * @param call gives whether it is done; it must not reject
   */
  begin(endsAt: number, call: () => Promise<boolean>): void {
    const done = this.repeat(endsAt, call).finally(() => this.running.delete(done));
    this.running.add(done);
  }

  /** Resolves when nothing is running. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.running);
  }

  private async repeat(endsAt: number, call: () => Promise<boolean>): Promise<void> {
    for (let pauseMs = SHORTEST_PAUSE_MS; !this.closed.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      if (this.clock.monotonic() >= endsAt || (await call())) return;
      await pause(this.clock, pauseMs, this.closed);
    }
  }
}

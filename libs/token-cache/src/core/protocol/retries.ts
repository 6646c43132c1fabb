import { type Clock } from '../contract/clock.js';
import { onAbort } from './abort-callbacks.js';

/** The first pause; each one is twice as long as the last, up to the longest. */
const SHORTEST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/** Tells the store again, behind the callers' backs, what it did not answer to. */
export class Retries {
  private readonly running = new Set<Promise<void>>();
  private readonly stopping = new AbortController();

  constructor(private readonly clock: Clock) {}

  /**
   * Makes a call at once, and then with ever longer pauses, until it is done or its time is over.
   *
   * @param call gives whether it is done; it must not reject
   */
  begin(endsAt: number, call: () => Promise<boolean>): void {
    const done = this.repeat(endsAt, call).finally(() => this.running.delete(done));
    this.running.add(done);
  }

  /** Begins nothing any more; resolves when nothing is running. */
  async close(): Promise<void> {
    this.stopping.abort();
    await Promise.allSettled(this.running);
  }

  private async repeat(endsAt: number, call: () => Promise<boolean>): Promise<void> {
    const { signal } = this.stopping;
    for (let pauseMs = SHORTEST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      if (this.clock.monotonic() >= endsAt || (await call())) return;
      await this.pause(pauseMs);
    }
  }

  private pause(pauseMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.clock.after(pauseMs, () => {
        ignoreSignal();
        resolve();
      });
      const ignoreSignal = onAbort(this.stopping.signal, () => {
        cancel();
        resolve();
      });
    });
  }
}

import { type Clock } from '../contract/clock.js';

/**
 * Since when nothing that is shared has changed, by the version of the store. What the store told from then on is current. While the
 * version cannot be told, nothing is: that is no interruption of a channel, which the store's other answers outlast.
 *
 * The callers of one turn share one look at the version. It ends with the turn, in a microtask: a caller that goes on after an
 * `await` looks again, so that it sees every change that was committed before it asked.
 */
export class StoreVersion {
  private version: number | undefined;
  private unchangedSince?: number;
  readonly isInterrupted = false;
  private isLookedAt = false;

  /** @param read gives the version of the store, or undefined when it cannot be told */
  constructor(
    private readonly clock: Clock,
    private readonly read: () => number | undefined,
  ) {}

  hasHeardSince(at: number): boolean {
    if (!this.isLookedAt) this.look();
    return this.unchangedSince !== undefined && at >= this.unchangedSince;
  }

  private look(): void {
    const version = this.tell();
    if (version === undefined) this.unchangedSince = undefined;
    else if (version !== this.version) this.unchangedSince = this.clock.monotonic();
    this.version = version;
    this.isLookedAt = true;
    queueMicrotask(() => (this.isLookedAt = false));
  }

  /** A store that fails to tell it must not end the process: it is read in a timer. */
  private tell(): number | undefined {
    try {
      return this.read();
    } catch {
      return undefined;
    }
  }
}

/** A line about the same thing comes at most once in this time, so that one which fails now and then does not fill the log. */
const QUIET_MS = 60_000;

/** How a failure that was told ended. */
export interface Recovery {
  readonly lastedMs: number;
  readonly failures: number;
}

/** Tells when something begins to fail and when it works again, not each failure between. */
export class Outage {
  private beganAt?: number;
  private failures = 0;
  private isTold = false;
  private toldAt = Number.NEGATIVE_INFINITY;

  /** @param now ms of a clock that never goes back */
  constructor(private readonly now: () => number) {}

  /** Counts a failure; true for the one to tell of. */
  failed(): boolean {
    const now = this.now();
    this.beganAt ??= now;
    this.failures++;
    if (this.isTold || now - this.toldAt < QUIET_MS) return false;
    this.isTold = true;
    this.toldAt = now;
    return true;
  }

  /** What is to be told of an outage that is over; nothing if there was none, or if its begin was not told. */
  worked(): Recovery | undefined {
    if (this.beganAt === undefined) return undefined;
    const recovery = { lastedMs: this.now() - this.beganAt, failures: this.failures };
    const wasTold = this.isTold;
    this.beganAt = undefined;
    this.failures = 0;
    this.isTold = false;
    return wasTold ? recovery : undefined;
  }
}

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/**
 * Holds back the answer to a 401 when new tokens do not help: an upstream that refuses every token would otherwise cost one
 * mint per request.
 */
export class RetryBackoff {
  private delayMs = 0;
  private openAt = 0;

  /** Whether a 401 may be answered by a new token now. */
  get isOpen(): boolean {
    return performance.now() >= this.openAt;
  }

  /** A brand-new token was refused as well: 1 s of rest, doubling up to a minute. */
  refused(): void {
    this.delayMs = Math.min(this.delayMs * 2 || FIRST_MS, LONGEST_MS);
    this.openAt = performance.now() + this.delayMs;
  }

  accepted(): void {
    this.delayMs = 0;
    this.openAt = 0;
  }
}

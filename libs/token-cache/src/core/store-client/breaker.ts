/** While a breaker is open its part of the store is not asked; after this one call tries it again. */
export const BREAKER_RESET_MS = 1_000;
/** Calls without an answer, in a row, that open a breaker. */
const FAILURES = 3;

/**
 * What a call says of the store. `answered`: it lives, also if the answer is an error. `failed`: it did not answer. `unknown`: the
 * call ended for a reason of this process.
 */
export type Verdict = 'answered' | 'failed' | 'unknown';

/** A call that a breaker let through. */
export interface Passage {
  readonly sentAt: number;
  readonly isProbe: boolean;
}

/**
 * Keeps a process from waiting for a store that does not answer. It opens after three failed calls in a row, whatever happened
 * before, and then lets one call at a time try the store, a second after the last that failed. Any answer closes it. A call
 * that was sent before the last answer came tells nothing new by failing.
 *
 * Breakers of libraries weigh failures against all calls of a time window. Calls that were answered or refused before then
 * delay the opening by as many failures, each of which is a caller that waits for the whole time limit.
 */
export class Breaker {
  private failures = 0;
  private answeredAt = Number.NEGATIVE_INFINITY;
  private openedAt?: number;
  private isProbing = false;

  /** Lets a call through, or not; each must be settled. */
  admit(now: number, insists = false): Passage | undefined {
    // One that insists may last for long, so it takes the place of no call that would try the store.
    if (this.openedAt === undefined || insists) return { sentAt: now, isProbe: false };
    if (this.isProbing || now - this.openedAt < BREAKER_RESET_MS) return undefined;
    this.isProbing = true;
    return { sentAt: now, isProbe: true };
  }

  settle({ sentAt, isProbe }: Passage, verdict: Verdict, now: number): void {
    if (isProbe) this.isProbing = false;
    if (verdict === 'answered') this.close(now);
    else if (verdict === 'failed' && sentAt >= this.answeredAt) this.countFailure(isProbe, now);
  }

  private close(now: number): void {
    this.failures = 0;
    this.answeredAt = now;
    delete this.openedAt;
  }

  private countFailure(isProbe: boolean, now: number): void {
    this.failures++;
    const opens = this.openedAt === undefined && this.failures >= FAILURES;
    if (opens || isProbe) this.openedAt = now;
  }
}

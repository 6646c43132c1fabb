/**
 * How far the end of a client has come: three steps, each a signal that aborts when it begins. Who has to know asks the signal, and
 * keeps no flag of its own.
 */
export class Shutdown {
  private readonly steps = {
    draining: new AbortController(),
    closing: new AbortController(),
    closed: new AbortController(),
  };

  /** Nothing begins any more; what runs may finish. */
  readonly draining: AbortSignal = this.steps.draining.signal;
  /** The time for that is over: mints in flight are given up, and their leases released. */
  readonly closing: AbortSignal = this.steps.closing.signal;
  /** Nothing is left to do, and the store is asked nothing any more. */
  readonly closed: AbortSignal = this.steps.closed.signal;

  begin(step: 'draining' | 'closing' | 'closed'): void {
    this.steps[step].abort(new Error('The application shuts down'));
  }
}

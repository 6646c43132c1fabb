import { type Dispatcher } from 'undici';

type Controller = Dispatcher.DispatchController;

/** The one controller that the caller's handler holds on to, whichever attempt is behind it. */
export class RelayController implements Controller {
  private readonly cancellation = new AbortController();
  private target?: Controller;
  private isPaused = false;

  /** Aborted when the caller gives up. */
  get signal(): AbortSignal {
    return this.cancellation.signal;
  }

  get aborted(): boolean {
    return this.signal.aborted;
  }

  get reason(): Error | null {
    return (this.signal.reason as Error | undefined) ?? null;
  }

  get paused(): boolean {
    return this.isPaused;
  }

  // Null and not undefined: undici's types allow the latter only where exactOptionalPropertyTypes is off.
  get rawHeaders(): NonNullable<Controller['rawHeaders']> | null {
    return this.target?.rawHeaders ?? null;
  }

  get rawTrailers(): NonNullable<Controller['rawTrailers']> | null {
    return this.target?.rawTrailers ?? null;
  }

  /** Controls `target` from now on, which starts as its predecessor was left: paused or aborted. */
  follow(target: Controller): void {
    this.target = target;
    if (this.isPaused) target.pause();
    if (this.aborted) target.abort(this.signal.reason as Error);
  }

  /** The caller needs no token any more; a request that was sent is aborted by its own signal. */
  cancel(reason: unknown): void {
    this.cancellation.abort(reason);
  }

  abort(reason: Error): void {
    this.cancel(reason);
    this.target?.abort(reason);
  }

  pause(): void {
    this.isPaused = true;
    this.target?.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.target?.resume();
  }
}

import { type Duplex } from 'node:stream';
import { type Dispatcher } from 'undici';
import { type RelayController } from './relay-controller.js';

type Controller = Dispatcher.DispatchController;
type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2];

/** Up to here reading a dropped response is cheaper than a new connection. */
const MAX_DRAINED_BYTES = 64 * 1024;

/** One dispatch of a request: its response goes to the caller's handler, or is dropped for another attempt to follow. */
export class Attempt implements Dispatcher.DispatchHandler {
  /** Resolves at the end of the response, whatever that is. */
  readonly wasDropped: Promise<boolean>;
  private settle!: (wasDropped: boolean) => void;
  private isDropped = false;
  private drainedBytes = 0;

  constructor(
    private readonly handler: Dispatcher.DispatchHandler,
    private readonly controller: RelayController,
    private readonly drops: (status: number) => boolean,
  ) {
    this.wasDropped = new Promise((resolve) => (this.settle = resolve));
  }

  onRequestStart(target: Controller, context: unknown): void {
    this.controller.follow(target);
    if (!this.controller.aborted) this.handler.onRequestStart?.(this.controller, context);
  }

  onRequestUpgrade(_target: Controller, status: number, headers: Headers, socket: Duplex): void {
    this.settle(false);
    this.handler.onRequestUpgrade?.(this.controller, status, headers, socket);
  }

  onResponseStart(target: Controller, status: number, headers: Headers, message?: string): void {
    this.isDropped = this.drops(status);
    if (!this.isDropped) return this.handler.onResponseStart?.(this.controller, status, headers, message);
    // A caller that paused meant the response it will get.
    target.resume();
  }

  onResponseData(target: Controller, chunk: Buffer): void {
    if (!this.isDropped) return this.handler.onResponseData?.(this.controller, chunk);
    this.drainedBytes += chunk.length;
    if (this.drainedBytes > MAX_DRAINED_BYTES) target.abort(new Error('The response was dropped'));
  }

  onResponseEnd(_target: Controller, trailers: Headers): void {
    this.settle(this.isDropped);
    if (!this.isDropped) this.handler.onResponseEnd?.(this.controller, trailers);
  }

  onResponseError(_target: Controller, error: Error): void {
    this.settle(this.isDropped);
    if (!this.isDropped) this.handler.onResponseError?.(this.controller, error);
  }
}

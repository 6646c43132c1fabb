import { type ServerResponse } from 'node:http';
import { type Dispatcher } from 'undici';
import { type ReceivedHeaders, responseHeaders } from './response-headers.js';
import { BodyTimeoutError } from './upstream-problem.js';

export interface RelayOptions {
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly forwardCookies: boolean;
  /** Longest silence within the body; 0 for any. */
  readonly bodyMs: number;
  /** Told the upstream's status before the caller is; true keeps the answer from the caller, as another attempt will be made. */
  onStatus(status: number): boolean;
}

/** Of an answer that nobody will read; a longer one costs its connection. */
const MAX_DISCARDED_BYTES = 64 * 1024;

/** Passes one answer of the upstream on as it comes, at the pace of the slower side. */
export class ResponseRelay implements Dispatcher.DispatchHandler {
  /** Resolves once the caller has the whole answer, or is kept from it; rejects when no answer began. */
  readonly finished: Promise<void>;
  /** What broke the answer off after it began. */
  brokenBy?: Error;
  /** Whether the caller was kept from the answer. */
  isHeld = false;
  private resolve!: () => void;
  private reject!: (error: Error) => void;
  private controller?: Dispatcher.DispatchController;
  private discardedBytes = 0;
  private isEnded = false;
  private idle?: NodeJS.Timeout;
  private leaving?: Error;

  constructor(private readonly options: RelayOptions) {
    this.finished = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** Stops the exchange, whatever it is doing. */
  abort(reason: Error): void {
    this.leaving = reason;
    this.controller?.abort(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.leaving) controller.abort(this.leaving);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: ReceivedHeaders): void {
    if (status < 200) return;
    const { response, forwardCookies, requestId } = this.options;
    this.isHeld = this.options.onStatus(status);
    if (this.isHeld) return this.resolve();
    response.writeHead(status, responseHeaders(headers, forwardCookies, requestId));
    response.on('drain', () => controller.resume());
    // A body that came along is written together with the header; one that did not must not hold it up.
    process.nextTick(() => this.awaitBody(controller, headers['content-type']));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.isHeld) {
      this.discardedBytes += chunk.length;
      if (this.discardedBytes > MAX_DISCARDED_BYTES) controller.abort(new Error('The answer is not read to its end'));
      return;
    }
    this.idle?.refresh();
    if (!this.options.response.write(chunk)) controller.pause();
  }

  /** Trailers end here. */
  onResponseEnd(): void {
    this.settle();
    if (this.isHeld) return;
    this.options.response.end();
    this.resolve();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.settle();
    if (this.isHeld) return;
    const { response } = this.options;
    if (!response.headersSent) return this.reject(error);
    if (!this.leaving) this.brokenBy = error;
    // The caller must not take a part for the whole.
    response.destroy();
    this.resolve();
  }

  private settle(): void {
    this.isEnded = true;
    clearTimeout(this.idle);
  }

  private awaitBody(controller: Dispatcher.DispatchController, contentType: string | string[] | undefined): void {
    const { response, bodyMs } = this.options;
    if (this.isEnded || response.destroyed) return;
    response.flushHeaders();
    if (bodyMs === 0 || `${contentType}`.startsWith('text/event-stream')) return;
    this.idle = setTimeout(() => {
      if (controller.paused) this.idle?.refresh();
      else controller.abort(new BodyTimeoutError());
    }, bodyMs);
  }
}

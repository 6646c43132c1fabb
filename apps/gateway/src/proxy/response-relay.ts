import { type ServerResponse } from 'node:http';
import { type Dispatcher } from 'undici';
import { PeerTimeout } from '../peer-timeout.js';
import { type ReceivedHeaders, type ResponseHeaderOptions, responseHeaders } from './response-headers.js';
import { BodyTimeoutError } from './upstream-problem.js';

/**
 * Longest silence for a caller that closed its half of the connection in the middle of the answer: it has most likely left, and is
 * noticed when it is sent something.
 */
const HALF_CLOSED_MS = 1_000;

export interface RelayOptions extends ResponseHeaderOptions {
  readonly response: ServerResponse;
  /** Longest time in which no part of the body is passed on, whichever side stalls; 0 for any. */
  readonly bodyMs: number;
}

/** Passes the upstream's answer on as it comes, at the pace of the slower side. */
export class ResponseRelay implements Dispatcher.DispatchHandler {
  /** Resolves once the caller has the whole answer, or it was broken off. */
  readonly finished: Promise<void>;
  /** What broke the answer off. */
  brokenBy?: Error;
  private finish!: () => void;
  private isEnded = false;
  private idle?: PeerTimeout;

  constructor(private readonly options: RelayOptions) {
    this.finished = new Promise((resolve) => (this.finish = resolve));
  }

  /** Interim answers (RFC 9110 section 15.2) end here. */
  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: ReceivedHeaders): void {
    if (status < 200) return;
    const { response } = this.options;
    response.writeHead(status, responseHeaders(status, headers, this.options));
    response.on('drain', () => controller.resume());
    // A body that came along is written together with the header; one that did not must not hold it up.
    process.nextTick(() => this.awaitBody(controller, headers['content-type']));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.idle?.refresh();
    if (this.options.response.statusCode === 205) return;
    if (!this.options.response.write(chunk)) controller.pause();
  }

  /** Trailers end here. */
  onResponseEnd(): void {
    this.settle();
    this.options.response.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.brokenBy = error;
    this.settle();
    // The caller must not take a part for the whole.
    this.options.response.destroy();
  }

  private settle(): void {
    this.isEnded = true;
    this.idle?.clear();
    this.options.response.req.socket.off('end', this.halfClosed);
    this.finish();
  }

  private awaitBody(controller: Dispatcher.DispatchController, contentType: string | string[] | undefined): void {
    const { response, bodyMs } = this.options;
    if (this.isEnded || response.destroyed) return;
    response.flushHeaders();
    const { socket } = response.req;
    // An event stream ends with its caller, and one that has closed its half already may leave unnoticed.
    const isUnlimited = `${contentType}`.startsWith('text/event-stream') && !socket.readableEnded;
    if (bodyMs > 0 && !isUnlimited) this.idle = new PeerTimeout(bodyMs, () => controller.abort(new BodyTimeoutError()));
    socket.once('end', this.halfClosed);
  }

  private readonly halfClosed = (): void => {
    const { response } = this.options;
    this.idle?.clear();
    this.idle = new PeerTimeout(HALF_CLOSED_MS, () => {
      // The caller still takes what it was sent, or its machine will tell that it has left.
      if (response.writableLength > 0) this.idle?.refresh();
      else response.destroy();
    });
  };
}

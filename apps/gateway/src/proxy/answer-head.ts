import { type Duplex, type Readable } from 'node:stream';
import { type Dispatcher } from 'undici';
import { type ReceivedHeaders } from './response-headers.js';
import { HeadersTimeoutError, InvalidAnswerError } from './upstream-problem.js';

type Controller = Dispatcher.DispatchController;

/** An upstream that sends more interim answers has no final one in mind. */
const MAX_INTERIM_ANSWERS = 50;

/**
 * Holds one dispatch to a time limit and to a framing that the gateway understands, until the header of its final answer. undici
 * begins its own limit anew with each interim answer (RFC 9110 section 15.2), and takes a coded body for a plain one.
 */
export class AnswerHead implements Dispatcher.DispatchHandler {
  private timeout?: NodeJS.Timeout;
  private interimAnswers = 0;
  private isOver = false;

  /**
   * @param handler told everything that happens
   * @param headersMs longest time from the last byte of the request to the header of the final answer
   * @param body of the request, if it is sent as it comes
   */
  constructor(
    private readonly handler: Dispatcher.DispatchHandler,
    private readonly headersMs: number,
    private readonly body?: Readable,
  ) {}

  onRequestStart(controller: Controller, context: unknown): void {
    const start = (): void => {
      if (!this.isOver) this.timeout = setTimeout(() => controller.abort(new HeadersTimeoutError()), this.headersMs);
    };
    if (this.body && !this.body.readableEnded) this.body.once('end', start);
    else start();
    this.handler.onRequestStart?.(controller, context);
  }

  onRequestUpgrade(controller: Controller, status: number, headers: ReceivedHeaders, socket: Duplex): void {
    this.finish();
    this.handler.onRequestUpgrade?.(controller, status, headers, socket);
  }

  onResponseStart(controller: Controller, status: number, headers: ReceivedHeaders, message?: string): void {
    if (status < 200) {
      if (++this.interimAnswers > MAX_INTERIM_ANSWERS) controller.abort(new InvalidAnswerError('interim answers'));
      return;
    }
    this.finish();
    if (!isPlain(headers['transfer-encoding'])) controller.abort(new InvalidAnswerError('transfer coding'));
    else this.handler.onResponseStart?.(controller, status, headers, message);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: Controller, trailers: ReceivedHeaders): void {
    this.handler.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Controller, error: Error): void {
    this.finish();
    this.handler.onResponseError?.(controller, error);
  }

  private finish(): void {
    this.isOver = true;
    clearTimeout(this.timeout);
  }
}

/** Whether a body comes as it is or in chunks, the only transfer coding (RFC 9112 section 7) that is undone here. */
export function isPlain(transferEncoding: string | string[] | undefined): boolean {
  return transferEncoding === undefined || `${transferEncoding}`.trim().toLowerCase() === 'chunked';
}

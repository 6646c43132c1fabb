import { type Duplex, type Readable } from 'node:stream';
import { type DispatchAttempt } from '@mintonce/token-cache/undici';
import { type Dispatcher } from 'undici';
import { PeerTimeout } from '../peer-timeout.js';
import { type ReceivedHeaders } from './response-headers.js';
import { HeadersTimeoutError, InvalidAnswerError, UpstreamBusyError } from './upstream-problem.js';

type Controller = Dispatcher.DispatchController;

/** An upstream that sends more interim answers has no final one in mind. */
const MAX_INTERIM_ANSWERS = 50;

/** Limits of one dispatch, in ms. */
export interface AnswerLimits {
  /** Longest time to wait for a connection. */
  readonly connectionMs: number;
  /** Longest time from the last byte of the request to the header of the final answer. */
  readonly headersMs: number;
}

/** What one dispatch is held to, and who is told of it. */
export interface AnswerHeadOptions {
  readonly limits: AnswerLimits;
  /** Body of the request, if it is sent as it comes. */
  readonly body?: Readable;
  /** Told when the request is sent again because its kept connection was closed. */
  repeated(): void;
  /** Told when the final answer begins, before anything is passed on. */
  answered(): void;
}

/**
 * Holds one dispatch to a time limit and to a framing that the gateway understands, until the header of its final answer. undici
 * begins its own limit anew with each interim answer (RFC 9110 section 15.2), and takes a coded body for a plain one.
 */
export class AnswerHead implements Dispatcher.DispatchHandler {
  private timeout?: PeerTimeout;
  private interimAnswers = 0;
  private isSent = false;
  private isOver = false;
  private hasGivenUp = false;

  /**
   * @param attempt told everything that happens
   * @param caller the controller that all attempts of the exchange share
   */
  constructor(
    private readonly attempt: DispatchAttempt,
    private readonly caller: Controller,
    private readonly options: AnswerHeadOptions,
  ) {
    this.timeout = new PeerTimeout(options.limits.connectionMs, () => this.giveUp());
  }

  onRequestStart(controller: Controller, context: unknown): void {
    // undici closes the connection of a request that is aborted, and keeps it when the request throws before it is sent.
    if (this.hasGivenUp) throw new UpstreamBusyError();
    if (this.caller.aborted) throw this.caller.reason ?? new Error('The caller left');
    if (this.isSent) this.options.repeated();
    this.isSent = true;
    this.timeout?.clear();
    const { body, limits } = this.options;
    const start = (): void => {
      if (this.isOver) return;
      this.timeout = new PeerTimeout(limits.headersMs, () => controller.abort(new HeadersTimeoutError()));
    };
    if (body && !body.readableEnded) body.once('end', start);
    else start();
    this.attempt.onRequestStart(controller, context);
  }

  onRequestUpgrade(controller: Controller, status: number, headers: ReceivedHeaders, socket: Duplex): void {
    this.finish();
    this.options.answered();
    this.attempt.onRequestUpgrade(controller, status, headers, socket);
  }

  onResponseStart(controller: Controller, status: number, headers: ReceivedHeaders, message?: string): void {
    if (status < 200) {
      if (++this.interimAnswers > MAX_INTERIM_ANSWERS) controller.abort(new InvalidAnswerError('interim answers'));
      return;
    }
    this.finish();
    if (!isPlain(headers['transfer-encoding'])) return controller.abort(new InvalidAnswerError('transfer coding'));
    this.options.answered();
    this.attempt.onResponseStart(controller, status, headers, message);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.attempt.onResponseData(controller, chunk);
  }

  onResponseEnd(controller: Controller, trailers: ReceivedHeaders): void {
    this.attempt.onResponseEnd(controller, trailers);
  }

  onResponseError(controller: Controller, error: Error): void {
    this.finish();
    if (!this.hasGivenUp) this.attempt.onResponseError(controller, error);
  }

  /** A request that undici has not sent yet cannot be taken back: it is aborted when its turn comes. */
  private giveUp(): void {
    this.hasGivenUp = true;
    this.attempt.onResponseError(this.caller, new UpstreamBusyError());
  }

  private finish(): void {
    this.isOver = true;
    this.timeout?.clear();
  }
}

/** Whether a body comes as it is or in chunks, the only transfer coding (RFC 9112 section 7) that is undone here. */
export function isPlain(transferEncoding: string | string[] | undefined): boolean {
  return transferEncoding === undefined || `${transferEncoding}`.trim().toLowerCase() === 'chunked';
}

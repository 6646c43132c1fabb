import { type Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { type Dispatcher } from 'undici';
import { leadsAway, redirectedAway } from '../core/door/credential-at-origin.js';
import { type UpstreamStatus } from '../core/door/refusal.js';
import { type RelayController } from './relay-controller.js';

type Controller = Dispatcher.DispatchController;
type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2];

/** Where a request goes, and what becomes of a redirect. */
export interface Destination {
  /** As `URL` writes it; without one, the request goes to the only origin that its dispatcher has. */
  readonly origin?: string;
  /** Whether a redirect to another origin fails the request, because the caller would take the token there. */
  readonly isConfined?: boolean;
}

/** Up to this, reading a discarded response is cheaper than a new connection. */
const MAX_DISCARDED_BYTES = 64 * 1024;
/** A discarded response that has not ended after this costs its connection. */
const MAX_DISCARDING_MS = 1_000;

/**
 * One dispatch of a request, for a `Transport` over undici. Its response goes to the caller's handler as it comes, unless it
 * speaks against the token: then it is kept back, paused, until it is released or discarded. All attempts of one request
 * share a `RelayController`, which is the only one that the handler sees.
 */
export class DispatchAttempt implements Dispatcher.DispatchHandler {
  /** Resolves once the status is known; rejects when the request fails before. */
  readonly begun: Promise<this>;
  /** What the upstream answered; status 0 before it has. */
  status: UpstreamStatus = { status: 0 };
  private state: 'passed on' | 'kept' | 'discarded' = 'passed on';
  private readonly kept: (() => void)[] = [];
  private readonly ended: Promise<void>;
  private begin!: (attempt: this) => void;
  private failToBegin!: (error: Error) => void;
  private end!: () => void;
  private target?: Controller;
  private hasBegun = false;
  private hasEnded = false;
  private discardedBytes = 0;
  /** Where the request went, in turn, as the redirect interceptor tells it: with the place that answers at the end. */
  private history: readonly URL[] = [];

  constructor(
    private readonly handler: Dispatcher.DispatchHandler,
    private readonly controller: RelayController,
    private readonly speaksAgainst: (status: UpstreamStatus) => boolean,
    private readonly destination: Destination = {},
  ) {
    this.begun = new Promise((resolve, reject) => {
      this.begin = resolve;
      this.failToBegin = reject;
    });
    this.ended = new Promise((resolve) => (this.end = resolve));
  }

  /** Passes on what was kept back, and all that follows. */
  release(): void {
    if (this.state !== 'kept') return;
    try {
      // What comes meanwhile is kept as well, so that it does not overtake the rest.
      for (let event = this.kept.shift(); event; event = this.kept.shift()) event();
      this.state = 'passed on';
      if (!this.controller.paused) this.target?.resume();
    } catch (error) {
      this.state = 'passed on';
      this.fail(error as Error);
    }
  }

  /** Reads the response to its end for the sake of its connection, or breaks it off; resolves when that is done. */
  async discard(): Promise<void> {
    this.state = 'discarded';
    this.kept.length = 0;
    this.target?.resume();
    const timeout = setTimeout(() => this.breakOff(), MAX_DISCARDING_MS);
    await this.ended;
    clearTimeout(timeout);
    // undici takes the connection for free in the next turn of the event loop.
    await setImmediate();
  }

  onRequestStart(target: Controller, context: unknown): void {
    this.target = target;
    this.controller.follow(target);
    this.history = (context as { history?: URL[] } | undefined)?.history ?? [];
    if (!this.controller.aborted) this.handler.onRequestStart?.(this.controller, context);
  }

  onRequestUpgrade(_target: Controller, status: number, headers: Headers, socket: Duplex): void {
    this.hasBegun = true;
    this.status = { status };
    this.begin(this);
    this.handler.onRequestUpgrade?.(this.controller, status, headers, socket);
  }

  onResponseStart(target: Controller, status: number, headers: Headers, message?: string): void {
    const passOn = (): void => this.handler.onResponseStart?.(this.controller, status, headers, message);
    // An interim response (RFC 9110 section 15.2) says nothing of the token.
    if (status < 200) return passOn();
    const { origin, isConfined } = this.destination;
    if (isConfined && origin && leadsAway(status, headers.location, origin)) {
      return target.abort(redirectedAway(origin));
    }
    this.judge(status, headers);
    if (this.state === 'kept') target.pause();
    this.begin(this);
    this.handle(passOn);
  }

  onResponseData(_target: Controller, chunk: Buffer): void {
    this.handle(() => this.handler.onResponseData?.(this.controller, chunk));
    if (this.state !== 'discarded') return;
    this.discardedBytes += chunk.length;
    if (this.discardedBytes > MAX_DISCARDED_BYTES) this.breakOff();
  }

  onResponseEnd(_target: Controller, trailers: Headers): void {
    this.hasEnded = true;
    this.end();
    this.handle(() => this.handler.onResponseEnd?.(this.controller, trailers));
  }

  onResponseError(_target: Controller, error: Error): void {
    this.hasEnded = true;
    this.end();
    if (!this.hasBegun) {
      // An interceptor beneath, such as `interceptors.responseError()`, may have made an error of the answer.
      const { statusCode, headers } = error as { statusCode?: unknown; headers?: Headers | null };
      if (typeof statusCode !== 'number') return this.failToBegin(error);
      this.judge(statusCode, headers ?? {});
      this.begin(this);
    }
    this.handle(() => this.handler.onResponseError?.(this.controller, error));
  }

  /** Hears what an answer says of the token, and keeps the answer back if it speaks against it. */
  private judge(status: number, headers: Headers): void {
    this.hasBegun = true;
    // Where the first origin is not known, the redirect interceptor takes every other place for another origin.
    const carriedToken = this.history.every(({ origin }) => origin === this.destination.origin);
    this.status = { status, wwwAuthenticate: headers['www-authenticate'], carriedToken };
    if (this.speaksAgainst(this.status)) this.state = 'kept';
  }

  /** A handler that throws fails its request, as it does when undici calls it. */
  private fail(error: Error): void {
    if (this.hasEnded) this.handler.onResponseError?.(this.controller, error);
    else this.target?.abort(error);
  }

  private handle(event: () => void): void {
    if (this.state === 'passed on') event();
    else if (this.state === 'kept') this.kept.push(event);
  }

  private breakOff(): void {
    this.target?.abort(new Error('The response was discarded'));
    this.end();
  }
}

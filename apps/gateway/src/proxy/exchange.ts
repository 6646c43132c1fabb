import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Token, type TokenService } from '@mintonce/token-cache';
import { type Dispatcher } from 'undici';
import { ProblemError } from './problem.js';
import { type RequestBody, requestBody } from './request-body.js';
import { requestHeaders } from './request-headers.js';
import { ResponseRelay } from './response-relay.js';
import { type Upstream } from './upstream.js';
import { upstreamProblem } from './upstream-problem.js';

/** One request of a caller, the one or two that it becomes, and the answer. */
export class Exchange {
  private readonly caller = new AbortController();
  private relay?: ResponseRelay;
  private rejected?: Promise<boolean>;

  constructor(
    private readonly tokens: Pick<TokenService, 'getToken' | 'invalidate'>,
    private readonly upstream: Upstream,
    /** Path and query. */
    private readonly path: string,
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly requestId: string,
  ) {}

  /** What broke the answer off after it began. */
  get brokenBy(): Error | undefined {
    return this.relay?.brokenBy;
  }

  /** Whether the caller left before it had the whole answer. */
  get isAbandoned(): boolean {
    return this.caller.signal.aborted;
  }

  /** @throws ProblemError, TokenCacheError when no answer began */
  async run(): Promise<void> {
    const { config } = this.upstream;
    const body = await requestBody(this.request, { ...config, silenceMs: config.timeouts.bodyMs });
    try {
      await this.forward(body);
    } finally {
      body.discard();
    }
  }

  /** The caller left: nobody waits for a token or an answer any more. */
  abandon(): void {
    const reason = new Error('The caller left');
    this.caller.abort(reason);
    this.relay?.abort(reason);
  }

  /** The token is taken when there is something to send: a body may be on its way for longer than a token lives. */
  private async forward(body: RequestBody): Promise<void> {
    await this.send(await this.getToken(), body);
    if (!this.relay?.isHeld) return;
    await this.rejected;
    const renewed = await this.getToken();
    this.upstream.metrics.retried();
    await this.sendAgain(renewed, body);
  }

  private getToken(): Promise<Token> {
    return this.tokens.getToken(this.upstream.name, undefined, { signal: this.caller.signal });
  }

  private send(token: Token, body: RequestBody): Promise<void> {
    return this.dispatch(token, body.content, body.contentLength, (status) => {
      if (status !== 401 || !this.upstream.backoff.isOpen) return false;
      this.rejected = this.tokens.invalidate(token).catch(() => false);
      return body.again() !== undefined;
    });
  }

  private sendAgain(token: Token, body: RequestBody): Promise<void> {
    return this.dispatch(token, body.again() ?? null, undefined, (status) => {
      if (status === 401) this.upstream.backoff.refused();
      else this.upstream.backoff.accepted();
      return false;
    });
  }

  private async dispatch(
    token: Token,
    body: RequestBody['content'],
    contentLength: string | undefined,
    onStatus: (status: number) => boolean,
  ): Promise<void> {
    const { name, pool, config, metrics } = this.upstream;
    const headers = requestHeaders(this.request, config, token.authorization, this.requestId);
    if (contentLength !== undefined) headers.push('content-length', contentLength);
    const sentAt = performance.now();
    this.relay = new ResponseRelay({
      response: this.response,
      requestId: this.requestId,
      forwardCookies: config.forwardCookies,
      bodyMs: config.timeouts.bodyMs,
      onStatus: (status) => {
        metrics.upstreamAnswered(performance.now() - sentAt);
        return onStatus(status);
      },
    });
    if (this.caller.signal.aborted) this.abandon();
    pool.dispatch({ method: this.request.method as Dispatcher.HttpMethod, path: this.path, headers, body }, this.relay);
    await this.relay.finished.catch((error: unknown) => {
      if (error instanceof ProblemError) throw error;
      throw new ProblemError(upstreamProblem(name, error), { cause: error });
    });
  }
}

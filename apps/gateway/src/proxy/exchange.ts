import { type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { type Token, type TokenService, type Transport } from '@mintonce/token-cache';
import { DispatchAttempt, RelayController } from '@mintonce/token-cache/undici';
import { type Dispatcher } from 'undici';
import { factsOf } from '../log/request-facts.js';
import { askForBody } from '../server/expect-continue.js';
import { AnswerHead } from './answer-head.js';
import { ExchangeTimes } from './exchange-times.js';
import { ProblemError } from './problem.js';
import { type RequestBody, requestBody } from './request-body.js';
import { requestHeaders } from './request-headers.js';
import { ResponseReferences } from './references/response-references.js';
import { ResponseRelay } from './response-relay.js';
import { type Upstream } from './upstream.js';
import { upstreamProblem } from './upstream-problem.js';

type SpeaksAgainst = Parameters<Transport<DispatchAttempt>['send']>[1];
type OutgoingBody = Pick<RequestBody, 'content' | 'contentLength'>;

/** One request of a caller, the requests to the upstream that it becomes, and the one answer that the caller is given. */
export class Exchange {
  private readonly controller = new RelayController();
  private readonly relay: ResponseRelay;
  private readonly times: ExchangeTimes;
  private isLeft = false;

  constructor(
    private readonly tokens: Pick<TokenService, 'send'>,
    private readonly upstream: Upstream,
    /** Path and query. */
    private readonly path: string,
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly requestId: string,
  ) {
    this.times = new ExchangeTimes(factsOf(request));
    const { forwardCookies, timeouts } = upstream.config;
    const references = new ResponseReferences({
      mount: upstream.mount,
      path,
      gatewayHost: request.headers.host,
      foreign: (field) => upstream.metrics.foreignReference(field),
    });
    this.relay = new ResponseRelay({ response, requestId, forwardCookies, references, bodyMs: timeouts.bodyMs });
  }

  /** What broke the answer off after it began. */
  get brokenBy(): Error | undefined {
    return this.isLeft ? undefined : this.relay.brokenBy;
  }

  /** Whether the caller left before it had the whole answer. */
  get isAbandoned(): boolean {
    return this.isLeft;
  }

  /** @throws ProblemError, TokenCacheError when no answer began */
  async run(): Promise<void> {
    const { bodyLimits } = this.upstream;
    const body = await requestBody(this.request, bodyLimits, () => askForBody(this.request, this.response));
    try {
      await this.forward(body);
    } finally {
      body.discard();
    }
  }

  /** The caller left: the wait for a token ends, and so does the request to the upstream. */
  abandon(): void {
    this.isLeft = true;
    this.controller.abort(new Error('The caller left'));
  }

  /** The token is taken when there is something to send: a body may be on its way for longer than a token lives. */
  private async forward(body: RequestBody): Promise<void> {
    const { signal } = this.controller;
    this.times.tokenWanted();
    try {
      const attempt = await this.tokens.send(this.upstream.name, this.transport(body), { signal });
      attempt.release();
    } catch (error) {
      this.times.tokenAwaited();
      throw error;
    }
    await this.relay.finished;
  }

  private transport(body: RequestBody): Transport<DispatchAttempt> {
    let requests = 0;
    const outgoing = (): OutgoingBody => {
      if (requests++ === 0) return body;
      this.upstream.metrics.retried('unauthorized');
      factsOf(this.request).retries = requests - 1;
      return { content: body.again() ?? null };
    };
    return {
      send: (token, speaksAgainst) => this.dispatch(token, outgoing(), speaksAgainst),
      statusOf: ({ status }) => status,
      canSendAgain: () => body.again() !== undefined,
      discard: (attempt) => attempt.discard(),
    };
  }

  private async dispatch(
    token: Token,
    { content, contentLength }: OutgoingBody,
    speaksAgainst: SpeaksAgainst,
  ): Promise<DispatchAttempt> {
    const { name, dispatcher, mount, config, metrics } = this.upstream;
    const headers = requestHeaders(this.request, config, token.header, this.requestId);
    if (contentLength !== undefined) headers.push('content-length', contentLength);
    const attempt = new DispatchAttempt(this.relay, this.controller, speaksAgainst);
    this.times.tokenAwaited();
    const method = this.request.method as Dispatcher.HttpMethod;
    const body = content instanceof Readable ? content : undefined;
    const { answerLimits: limits } = this.upstream;
    const head = new AnswerHead(attempt, this.controller, {
      limits,
      body,
      repeated: () => metrics.retried('connection'),
      // A short answer may be over before the promise of its beginning is heard.
      answered: () => metrics.upstreamAnswered(this.times.upstreamAwaited()),
    });
    dispatcher.dispatch({ origin: mount.origin, method, path: this.path, headers, body: content }, head);
    await attempt.begun.catch((error: unknown) => {
      this.times.upstreamAwaited();
      if (error instanceof ProblemError) throw error;
      throw new ProblemError(upstreamProblem(name, error), { cause: error });
    });
    return attempt;
  }
}

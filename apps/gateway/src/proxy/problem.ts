import { type IncomingMessage, type ServerResponse } from 'node:http';
import { factsOf } from '../log/request-facts.js';
import { OWN_HEADERS } from './own-headers.js';
import { ownProxyStatus } from './proxy-status.js';

/** An error that the gateway answers with. `detail` is for the caller: it holds no internals. */
export interface Problem {
  readonly status: number;
  /** Stable code, for programs. */
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly retryAfterMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The request cannot be served; `problem` is the answer to the caller. */
export class ProblemError extends Error {
  constructor(
    readonly problem: Problem,
    options?: ErrorOptions,
  ) {
    super(problem.detail, options);
    this.name = 'ProblemError';
  }
}

/** The members of a problem document (RFC 9457); `instance` is the request's id. */
export function problemDocument({ status, code, title, detail }: Problem, requestId: string): Record<string, unknown> {
  return { type: `urn:mintonce:problem:${code}`, title, status, detail, instance: requestId, code };
}

/** The header fields of a problem document. */
export function problemHeaders(problem: Problem, requestId: string): Record<string, string> {
  const { retryAfterMs, headers } = problem;
  return {
    'content-type': 'application/problem+json',
    ...OWN_HEADERS,
    'x-request-id': requestId,
    'proxy-status': ownProxyStatus(problem),
    ...(retryAfterMs !== undefined && { 'retry-after': `${Math.max(1, Math.ceil(retryAfterMs / 1000))}` }),
    ...headers,
  };
}

/** Answers with a problem document, or breaks the answer off if it has begun. */
export function sendProblem(response: ServerResponse, problem: Problem, requestId: string): void {
  factsOf(response.req).code = problem.code;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // The rest of the unread body would block the connection.
  if (!response.req.complete && hasBody(response.req)) response.setHeader('connection', 'close');
  response.writeHead(problem.status, problemHeaders(problem, requestId));
  response.end(JSON.stringify(problemDocument(problem, requestId)));
}

/** Whether a request announces a body (RFC 9112 section 6.3). Node takes one without for complete only in the next turn. */
function hasBody({ headers }: IncomingMessage): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = headers;
  return coding !== undefined || length !== '0';
}

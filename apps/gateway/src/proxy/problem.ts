import { type ServerResponse } from 'node:http';

/** An answer of the gateway itself; `detail` holds nothing that is not the caller's to know. */
export interface Problem {
  readonly status: number;
  /** Stable; programs switch on it. */
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly retryAfterMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The request cannot be served, and this is what the caller is told. */
export class ProblemError extends Error {
  constructor(
    readonly problem: Problem,
    options?: ErrorOptions,
  ) {
    super(problem.detail, options);
    this.name = 'ProblemError';
  }
}

/** The members of a problem document (RFC 9457); the request's id tells one occurrence from another. */
export function problemDocument({ status, code, title, detail }: Problem, requestId: string): Record<string, unknown> {
  return { type: `urn:mintonce:problem:${code}`, title, status, detail, instance: requestId, code };
}

export function problemHeaders({ retryAfterMs, headers }: Problem, requestId: string): Record<string, string> {
  return {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-request-id': requestId,
    ...(retryAfterMs !== undefined && { 'retry-after': `${Math.max(1, Math.ceil(retryAfterMs / 1000))}` }),
    ...headers,
  };
}

/** Answers with a problem; when another answer has begun, all that is left is to break it off. */
export function sendProblem(response: ServerResponse, problem: Problem, requestId: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // The rest of a body that nobody wants would keep the connection busy.
  if (!response.req.complete) response.setHeader('connection', 'close');
  response.writeHead(problem.status, problemHeaders(problem, requestId));
  response.end(JSON.stringify(problemDocument(problem, requestId)));
}

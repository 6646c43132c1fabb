import { TokenCacheError } from '@mintonce/token-cache';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { factsOf } from './log/request-facts.js';
import { type Problem, problemDocument, problemHeaders } from './proxy/problem.js';
import { problemOf } from './proxy/problems.js';
import { idOfRequest } from './proxy/request-id.js';

/** Turns every error of a route into a problem document (RFC 9457) without internals. A health report is passed on as it is. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Gateway');

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (error instanceof HttpException && isHealthReport(error.getResponse())) {
      void reply.status(error.getStatus()).send(error.getResponse());
      return;
    }
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const requestId = idOfRequest(request.raw);
    const problem = describe(error);
    factsOf(request.raw).code = problem.code;
    if (problem.status >= 500 && !(error instanceof TokenCacheError)) this.logger.error(error);
    void reply
      .status(problem.status)
      .headers(problemHeaders(problem, requestId))
      .send(JSON.stringify(problemDocument(problem, requestId)));
  }
}

function describe(error: unknown): Problem {
  const status = statusOf(error);
  if (status === undefined) return problemOf(error);
  const title = HttpErrorTitle.get(status) ?? 'Request refused';
  return { status, code: `GATEWAY_HTTP_${status}`, title, detail: title };
}

const HttpErrorTitle = new Map([
  [400, 'Malformed request'],
  [404, 'No such route'],
  [413, 'Request body too large'],
  [415, 'Unsupported media type'],
]);

/** The 4xx status of Nest's exceptions and Fastify's errors; undefined for a failure of the gateway itself. */
function statusOf(error: unknown): number | undefined {
  const status = error instanceof HttpException ? error.getStatus() : (error as { statusCode?: unknown }).statusCode;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}

function isHealthReport(response: string | object): boolean {
  return typeof response === 'object' && 'details' in response;
}

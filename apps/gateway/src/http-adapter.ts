import { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify';
import { type TlsFiles } from './config/doors.js';
import { DEFAULT_LIMITS, type Limits } from './config/limits.js';
import { sendProblem } from './proxy/problem.js';
import { invalidPath } from './proxy/problems.js';
import { idOfRequest } from './proxy/request-id.js';
import { createHttpServer } from './server/http-server.js';

/** Serves a request in place of Fastify, and says whether it did. */
export type Shortcut = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Fastify on the gateway's own server, which answers every error with a problem document. */
export function httpAdapter(
  limits: Limits = DEFAULT_LIMITS,
  tls?: TlsFiles,
  shortcut: Shortcut = () => false,
): FastifyAdapter {
  return new FastifyAdapter({
    frameworkErrors: refuseTarget,
    serverFactory: (handler: RequestListener) =>
      createHttpServer(
        (request, response) => void (shortcut(request, response) || handler(request, response)),
        limits,
        tls,
      ),
    // The server has answered already.
    clientErrorHandler: () => {},
  });
}

/** Answers a request whose target the router could not decode. */
function refuseTarget(_error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  sendProblem(reply.raw, invalidPath(), idOfRequest(request.raw));
}

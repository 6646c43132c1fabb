import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify';
import { sendProblem } from './proxy/problem.js';
import { invalidPath } from './proxy/problems.js';
import { requestIdOf } from './proxy/request-id.js';

/** The HTTP server, which answers a malformed request target with a problem document like every other error. */
export function httpAdapter(): FastifyAdapter {
  return new FastifyAdapter({ frameworkErrors: refuseTarget });
}

/** Answers a request whose target the router could not decode. */
function refuseTarget(_error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  sendProblem(reply.raw, invalidPath(), requestIdOf(request.headers['x-request-id']));
}

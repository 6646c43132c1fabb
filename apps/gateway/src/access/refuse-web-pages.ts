import { type FastifyInstance } from 'fastify';
import { sendProblem } from '../proxy/problem.js';
import { requestIdOf } from '../proxy/request-id.js';
import { webPageProblem } from './web-pages.js';

/** Refuses the requests of web pages on every route. Call it before the application is initialised. */
export function refuseWebPages(fastify: FastifyInstance, allowedHosts: ReadonlySet<string>): void {
  fastify.addHook('onRequest', (request, reply, proceed) => {
    const problem = webPageProblem(request.raw, allowedHosts);
    if (!problem) return proceed();
    reply.hijack();
    sendProblem(reply.raw, problem, requestIdOf(request.headers['x-request-id']));
  });
}

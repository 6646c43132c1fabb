import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Problem, sendProblem } from '../proxy/problem.js';
import { requestIdOf } from '../proxy/request-id.js';
import { type AuditLog } from './audit-log.js';
import { setCaller } from './caller.js';
import { doorOf } from './doors.js';
import { type Gatekeeper, type Verdict } from './gatekeeper.js';
import { type RouteMatch } from './requirement.js';
import { type HostRules, webPageProblem } from './web-pages.js';

/** What the guard of the doors needs to know. */
export interface Guard {
  readonly hosts: HostRules;
  readonly gatekeeper: Gatekeeper;
  readonly audit: AuditLog;
  /** Told of each refused request. */
  refused(door: string, code: string): void;
}

/** Checks every request of every door and route before anything is done for it. Call it before the application is initialised. */
export function guardDoors(fastify: FastifyInstance, guard: Guard): void {
  fastify.addHook('onRequest', (request, reply, proceed) => {
    const webPage = webPageProblem(request.raw, guard.hosts);
    if (webPage) return refuse({ problem: webPage });
    settle(guard.gatekeeper.judge(request.raw, routeOf(request)));

    function settle(verdict: Verdict): void {
      if (verdict.problem) return refuse(verdict);
      if (verdict.caller) setCaller(request.raw, verdict.caller);
      proceed();
    }

    function refuse({ problem, caller }: Verdict): void {
      answer(request, reply, problem!);
      const { status, code } = problem!;
      guard.audit.record(request.raw, { event: 'refused', status, code, route: routeOf(request).pattern, caller });
      guard.refused(doorOf(request.raw), code);
    }
  });
}

function routeOf({ routeOptions, is404, params }: FastifyRequest): RouteMatch {
  return { pattern: is404 ? undefined : routeOptions.url, params: (params ?? {}) as Record<string, string> };
}

function answer(request: FastifyRequest, reply: FastifyReply, problem: Problem): void {
  reply.hijack();
  sendProblem(reply.raw, problem, requestIdOf(request.headers['x-request-id']));
}

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
    const verdict = guard.gatekeeper.judge(request.raw, routeOf(request));
    if (!(verdict instanceof Promise)) return settle(verdict);
    // An error of the gateway itself goes to the handler of errors, which answers 500.
    verdict.then(settleLate, (error: Error) => proceed(error));

    function settleLate(late: Verdict): void {
      // Nothing would tell what comes after the door that the caller left meanwhile.
      if (reply.raw.destroyed || request.raw.socket.destroyed) reply.hijack();
      else settle(late);
    }

    function settle({ caller, problem }: Verdict): void {
      if (problem) return refuse({ problem, caller });
      if (caller) setCaller(request.raw, caller);
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

import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { factsOf } from '../log/request-facts.js';
import { type Problem, sendProblem } from '../proxy/problem.js';
import { idOfRequest } from '../proxy/request-id.js';
import { type AuditLog } from './audit-log.js';
import { type Caller, setCaller } from './caller.js';
import { type CallerLimits } from './caller-limits.js';
import { doorOf } from './doors.js';
import { type Gatekeeper } from './gatekeeper.js';
import { type RouteMatch } from './requirement.js';
import { type HostRules, webPageProblem } from './web-pages.js';

/** What the guard of the doors needs to know. */
export interface Guard {
  readonly hosts: HostRules;
  readonly gatekeeper: Gatekeeper;
  readonly limits: CallerLimits;
  readonly audit: AuditLog;
  /** Told of each refused request. */
  refused(door: string, code: string): void;
}

/** Checks every request of every door and route before anything is done for it. Call it before the application is initialised. */
export function guardDoors(fastify: FastifyInstance, guard: Guard): void {
  fastify.addHook('onRequest', (request, reply, proceed) => {
    const { raw } = request;
    const webPage = webPageProblem(raw, guard.hosts);
    if (webPage) return refuse(webPage);
    whenKnown(guard.gatekeeper.judge(raw, routeOf(request)), ({ caller, problem, integration }) => {
      if (problem) return refuse(problem, caller);
      if (caller) setCaller(raw, caller);
      if (integration === undefined) return admit();
      whenKnown(guard.limits.check(caller?.id, integration, raw, reply.raw), (limited) =>
        limited ? refuse(limited, caller) : admit(),
      );
    });

    function admit(): void {
      factsOf(raw).isAdmitted = true;
      proceed();
    }

    /** Goes on at once where nothing has to be waited for: a promise for each request would cost more than the check. */
    function whenKnown<Value>(value: Value | Promise<Value>, use: (value: Value) => void): void {
      if (!(value instanceof Promise)) return use(value);
      value.then(
        // Nothing would tell what comes after the door that the caller left meanwhile.
        (known) => (reply.raw.destroyed || raw.socket.destroyed ? void reply.hijack() : use(known)),
        // An error of the gateway itself goes to the handler of errors, which answers 500.
        (error: Error) => proceed(error),
      );
    }

    function refuse(problem: Problem, caller?: Caller): void {
      factsOf(raw).isAudited = true;
      answer(request, reply, problem);
      const { status, code } = problem;
      guard.audit.record(raw, { event: 'refused', status, code, route: routeOf(request).pattern, caller });
      guard.refused(doorOf(raw), code);
    }
  });
}

function routeOf({ routeOptions, is404, params }: FastifyRequest): RouteMatch {
  return { pattern: is404 ? undefined : routeOptions.url, params: (params ?? {}) as Record<string, string> };
}

function answer(request: FastifyRequest, reply: FastifyReply, problem: Problem): void {
  reply.hijack();
  sendProblem(reply.raw, problem, idOfRequest(request.raw));
}

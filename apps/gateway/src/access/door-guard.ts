import { type IncomingMessage, type ServerResponse } from 'node:http';
import { factsOf } from '../log/request-facts.js';
import { type Problem, sendProblem } from '../proxy/problem.js';
import { idOfRequest } from '../proxy/request-id.js';
import { type AuditLog } from './audit-log.js';
import { type Caller, setCaller } from './caller.js';
import { type CallerLimits } from './caller-limits.js';
import { doorOf } from './doors.js';
import { type Gatekeeper, type Verdict } from './gatekeeper.js';
import { type RouteMatch } from './requirement.js';
import { type HostRules, webPageProblem } from './web-pages.js';

/** What the guard of the doors needs to know. */
export interface DoorGuardParts {
  readonly hosts: HostRules;
  readonly gatekeeper: Gatekeeper;
  readonly limits: CallerLimits;
  readonly audit: AuditLog;
  /** Told of each refused request. */
  refused(door: string, code: string): void;
}

type Answer = boolean | Promise<boolean>;

/** Checks a request of any door and route before anything is done for it. */
export class DoorGuard {
  constructor(private readonly parts: DoorGuardParts) {}

  /**
   * Whether the request is let in. One that is not needs nothing more: it is answered, or its caller has left. No promise where
   * nothing has to be waited for, since one for each request would cost more than the check. Throws or rejects with an error of the
   * gateway itself.
   */
  admits(request: IncomingMessage, response: ServerResponse, route: RouteMatch): Answer {
    const { hosts, gatekeeper, limits } = this.parts;
    const refuse = (problem: Problem, caller?: Caller): boolean =>
      this.refuse(request, response, route, problem, caller);
    const webPage = webPageProblem(request, hosts);
    if (webPage) return refuse(webPage);
    return whileThere(
      request,
      response,
      gatekeeper.judge(request, route),
      ({ caller, problem, integration }: Verdict) => {
        if (problem) return refuse(problem, caller);
        if (caller) setCaller(request, caller);
        if (integration === undefined) return admit(request);
        return whileThere(request, response, limits.check(caller?.id, integration, request, response), (limited) =>
          limited ? refuse(limited, caller) : admit(request),
        );
      },
    );
  }

  private refuse(
    request: IncomingMessage,
    response: ServerResponse,
    { pattern }: RouteMatch,
    problem: Problem,
    caller?: Caller,
  ): boolean {
    const { audit, refused } = this.parts;
    const { status, code } = problem;
    factsOf(request).isAudited = true;
    sendProblem(response, problem, idOfRequest(request));
    audit.record(request, { event: 'refused', status, code, route: pattern, caller });
    refused(doorOf(request), code);
    return false;
  }
}

function admit(request: IncomingMessage): boolean {
  factsOf(request).isAdmitted = true;
  return true;
}

/** Nothing would tell what comes after the door that the caller left meanwhile. */
function whileThere<Value>(
  { socket }: IncomingMessage,
  response: ServerResponse,
  value: Value | Promise<Value>,
  use: (value: Value) => Answer,
): Answer {
  if (!(value instanceof Promise)) return use(value);
  return value.then((known) => !response.destroyed && !socket.destroyed && use(known));
}

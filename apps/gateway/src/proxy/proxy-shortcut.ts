import { Logger } from '@nestjs/common';
import { type DoorGuard } from '../access/door-guard.js';
import { type RouteMatch } from '../access/requirement.js';
import { type Shortcut } from '../http-adapter.js';
import { whenKnown } from '../when-known.js';
import { sendProblem } from './problem.js';
import { problemOf } from './problems.js';
import { type ProxyService } from './proxy.service.js';
import { idOfRequest } from './request-id.js';

/** The match of the router for what `PLAIN` matches. Escapes are left to the router, which refuses those that it cannot decode. */
const ROUTE: RouteMatch = { pattern: '/proxy/*', params: {} };
const PLAIN = /^\/proxy\/[^%?#]*(?:\?|$)/;

/**
 * Serves the requests of callers to the proxy before Fastify, whose router, objects and hooks of Nest would cost as much as all that
 * the proxy does. They pass the same guard of the doors.
 */
export function proxyShortcut(guard: DoorGuard, proxy: ProxyService): Shortcut {
  const logger = new Logger('Gateway');
  return (request, response) => {
    if (!PLAIN.test(request.url!)) return false;
    whenKnown(
      () => guard.admits(request, response, ROUTE),
      (isAdmitted) => isAdmitted && proxy.handle(request, response),
      (error) => {
        logger.error(error);
        sendProblem(response, problemOf(error), idOfRequest(request));
      },
    );
    return true;
  };
}

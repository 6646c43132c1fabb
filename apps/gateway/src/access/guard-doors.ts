import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { whenKnown } from '../when-known.js';
import { type DoorGuard } from './door-guard.js';
import { type RouteMatch } from './requirement.js';

/** Has every request that reaches Fastify checked, whatever its door and route. Call it before the application is initialised. */
export function guardDoors(fastify: FastifyInstance, guard: DoorGuard): void {
  fastify.addHook('onRequest', (request, reply, proceed) => {
    whenKnown(
      () => guard.admits(request.raw, reply.raw, routeOf(request)),
      (isAdmitted) => void (isAdmitted ? proceed() : reply.hijack()),
      // An error of the gateway itself goes to the handler of errors, which answers 500.
      (error) => proceed(error),
    );
  });
}

function routeOf({ routeOptions, is404, params }: FastifyRequest): RouteMatch {
  return { pattern: is404 ? undefined : routeOptions.url, params: (params ?? {}) as Record<string, string> };
}

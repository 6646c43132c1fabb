import { type Server } from 'node:http';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DEFAULT_LIMITS } from '../config/limits.js';
import { type GatewayConfig } from '../config/load-config.js';
import { RequestLog } from '../log/request-log.js';
import { createHttpServer } from '../server/http-server.js';
import { cameForOperations } from './doors.js';

/**
 * The server of the operations door, which does not listen yet; undefined if the file asks for none. It serves the same routes
 * as the application's own server, and closes with the application.
 */
export function operationsServer(app: NestFastifyApplication, config: GatewayConfig): Server | undefined {
  if (!config.operations) return undefined;
  const fastify = app.getHttpAdapter().getInstance();
  const server = createHttpServer(
    (request, response) => {
      cameForOperations(request);
      fastify.routing(request, response);
    },
    config.limits ?? DEFAULT_LIMITS,
    config.operations.tls,
  );
  app.get(RequestLog).follow(server);
  fastify.addHook('onClose', (_fastify, done) => {
    if (!server.listening) return done();
    server.close(() => done());
    server.closeAllConnections();
  });
  return server;
}

/** Listens; rejects if the address cannot be had. */
export function listenOn(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

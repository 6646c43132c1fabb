import { type TokenStore } from '@mintonce/token-cache';
import { isLoopback } from '@mintonce/token-cache/oauth';
import { NestFactory } from '@nestjs/core';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { getToken } from '@willsoto/nestjs-prometheus';
import { type FastifyInstance } from 'fastify';
import { type Counter } from 'prom-client';
import { AuditLog } from './access/audit-log.js';
import { CallerLimits } from './access/caller-limits.js';
import { DoorGuard } from './access/door-guard.js';
import { type DoorName } from './access/doors.js';
import { Gatekeeper } from './access/gatekeeper.js';
import { guardDoors } from './access/guard-doors.js';
import { type HostRules } from './access/web-pages.js';
import { ApiDocument } from './api-docs/api-document.js';
import { AppModule } from './app.module.js';
import { rethrowAsConfigError } from './config/config.error.js';
import { type GatewayConfig } from './config/load-config.js';
import { warnOfPlainHttp } from './config/warn-of-plain-http.js';
import { policyPathOf } from './config/policy-path.js';
import { httpAdapter, type Shortcut } from './http-adapter.js';
import { type Log } from './log/log.js';
import { NestLog } from './log/nest-log.js';
import { RequestLog } from './log/request-log.js';
import { OWN_HEADERS } from './proxy/own-headers.js';
import { proxyShortcut } from './proxy/proxy-shortcut.js';
import { ProxyService } from './proxy/proxy.service.js';
import { idOfRequest } from './proxy/request-id.js';
import { redisOf } from './tokens/owned-redis-token-store.js';
import { TOKEN_STORE } from './tokens/token-store.module.js';
import { workerCount } from './worker-count.js';

/**
 * Builds the gateway without listening; the caller calls `listen`.
 *
 * @throws ConfigError naming what is wrong with the configuration
 */
export async function createGateway(config: GatewayConfig, log: Log): Promise<NestFastifyApplication> {
  let shortcut: Shortcut = () => false;
  const adapter = httpAdapter(config.limits, config.tls, (request, response) => shortcut(request, response));
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot(config, log), adapter, {
    bodyParser: false,
    abortOnError: false,
    // A failed start throws, and the caller reports the error; Nest would log it a second time.
    bufferLogs: true,
    autoFlushLogs: false,
  }).catch((error: unknown) => rethrowAsConfigError(error, policyPathOf));
  app.useLogger(new NestLog(log));
  app.flushLogs();
  app.get(RequestLog).follow(app.getHttpServer());
  warnOfPlainHttp(config);
  const fastify = app.getHttpAdapter().getInstance();
  const refusals = app.get<Counter>(getToken('gateway_refusals_total'));
  const guard = new DoorGuard({
    hosts: hostRules(config),
    gatekeeper: app.get(Gatekeeper),
    limits: new CallerLimits(config, { redis: redisOf(app.get<TokenStore>(TOKEN_STORE)), workers: workerCount() }),
    audit: app.get(AuditLog),
    refused: (door, code) => refusals.inc({ door, code }),
  });
  guardDoors(fastify, guard);
  shortcut = proxyShortcut(guard, app.get(ProxyService));
  ignoreBodies(fastify);
  identifyAnswers(fastify);
  app.get(ApiDocument).describe(app);
  return app;
}

function hostRules({ host, operations, allowedHosts }: GatewayConfig): HostRules {
  const doors = new Map<DoorName, string | undefined>([
    ['main', host],
    ['operations', operations?.host],
  ]);
  const reachable = [...doors].flatMap(([door, address]) => (address && !isLoopback(address) ? [door] : []));
  return { names: allowedHosts, reachableDoors: new Set(reachable) };
}

/** What the gateway's own routes answer has the id of its request, as proxied answers have, and the fields of all own answers. */
function identifyAnswers(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, proceed) => {
    void reply.headers({ ...OWN_HEADERS, 'x-request-id': idOfRequest(request.raw) });
    proceed();
  });
}

/** The gateway's own routes need no body, and do not wait for one. */
function ignoreBodies(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_request, _body, done) => done(null));
}

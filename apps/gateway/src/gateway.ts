import { type LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { refuseWebPages } from './access/refuse-web-pages.js';
import { type FastifyInstance } from 'fastify';
import { AppModule } from './app.module.js';
import { rethrowAsConfigError } from './config/config.error.js';
import { type GatewayConfig } from './config/load-config.js';
import { policyPathOf } from './config/policy-path.js';
import { httpAdapter } from './http-adapter.js';
import { requestIdOf } from './proxy/request-id.js';

/** Errors and warnings only: under PM2 every line also goes to the daemon. */
const LOG_LEVELS: LogLevel[] = ['fatal', 'error', 'warn'];

/**
 * Builds the gateway without listening; the caller calls `listen`.
 *
 * @throws ConfigError naming what is wrong with the configuration
 */
export async function createGateway(config: GatewayConfig): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot(config), httpAdapter(config.limits), {
    bodyParser: false,
    abortOnError: false,
    // A failed start throws, and the caller reports the error; Nest would log it a second time.
    bufferLogs: true,
    autoFlushLogs: false,
  }).catch((error: unknown) => rethrowAsConfigError(error, policyPathOf));
  app.useLogger(LOG_LEVELS);
  app.flushLogs();
  const fastify = app.getHttpAdapter().getInstance();
  refuseWebPages(fastify, config.allowedHosts);
  ignoreBodies(fastify);
  identifyAnswers(fastify);
  return app;
}

/** What the gateway's own routes answer is of the moment, and has the id of its request as proxied answers have. */
function identifyAnswers(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, proceed) => {
    void reply.headers({ 'cache-control': 'no-store', 'x-request-id': requestIdOf(request.headers['x-request-id']) });
    proceed();
  });
}

/** The gateway's own routes need no body, and do not wait for one. */
function ignoreBodies(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_request, _body, done) => done(null));
}

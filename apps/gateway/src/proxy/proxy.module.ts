import { METHODS } from 'node:http';
import { Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type FastifyInstance } from 'fastify';
import { MetricsModule } from '../metrics/metrics.module.js';
import { ProxyService } from './proxy.service.js';
import { Upstreams } from './upstreams.js';

const ROUTED_METHODS = METHODS.filter((method) => method !== 'CONNECT');

/**
 * `ANY /proxy/:integration/*`, registered with Fastify itself, for the requests that `proxyShortcut` leaves to the router. A
 * controller of Nest would add guards, interceptors and body parsers, which a proxy does not need.
 */
@Module({
  imports: [MetricsModule],
  providers: [ProxyService, Upstreams],
  exports: [Upstreams],
})
export class ProxyModule implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly proxy: ProxyService,
  ) {}

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    for (const method of ROUTED_METHODS) {
      if (!fastify.supportedMethods.includes(method)) fastify.addHttpMethod(method, { hasBody: true });
    }
    fastify.route({
      method: ROUTED_METHODS,
      url: '/proxy/*',
      exposeHeadRoute: false,
      // This hook runs before Fastify parses the body, which is forwarded as it is.
      onRequest: (request, reply) => {
        this.proxy.handle(request.raw, reply.raw);
        // Afterwards, so that Fastify answers an error of the gateway itself.
        reply.hijack();
      },
      handler: () => undefined,
    });
  }
}

import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { InjectConfig } from '../config/gateway-config.token.js';
import { type GatewayConfig } from '../config/load-config.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { Upstream } from './upstream.js';

/** The upstreams of all integrations. The gateway forwards to no other host. */
@Injectable()
export class Upstreams implements OnApplicationShutdown {
  private readonly byName: ReadonlyMap<string, Upstream>;

  constructor(@InjectConfig() config: GatewayConfig, metrics: GatewayMetrics) {
    this.byName = new Map(
      [...config.integrations].map(([name, integration]) => [
        name,
        new Upstream(name, integration, metrics.of(name), config.outbound),
      ]),
    );
  }

  find(integration: string): Upstream | undefined {
    return this.byName.get(integration);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.byName.values()].map(({ dispatcher }) => dispatcher.destroy()));
  }
}

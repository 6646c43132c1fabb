import { isDeepStrictEqual } from 'node:util';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { InjectConfig } from '../config/gateway-config.token.js';
import { type GatewayConfig } from '../config/load-config.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { Upstream } from './upstream.js';

/** A request that is in flight may be sent once more, over the connections that it began with. */
const RETIREMENT_MS = 60_000;

/** The upstreams of all integrations. The gateway forwards to no other host. */
@Injectable()
export class Upstreams implements OnApplicationShutdown {
  private byName: ReadonlyMap<string, Upstream> = new Map();
  private readonly retired = new Set<Upstream>();

  constructor(
    @InjectConfig() config: GatewayConfig,
    private readonly metrics: GatewayMetrics,
  ) {
    this.byName = this.made(config);
  }

  /** How many there are. */
  get count(): number {
    return this.byName.size;
  }

  find(integration: string): Upstream | undefined {
    return this.byName.get(integration);
  }

  /** Takes the integrations of `next` in place of those of `config`; what has not changed keeps its connections. */
  replace(config: GatewayConfig, next: GatewayConfig): void {
    const isSame = (name: string) => isDeepStrictEqual(config.file.integrations[name], next.file.integrations[name]);
    const former = this.byName;
    const made = this.made(next, (name) => (isSame(name) ? former.get(name) : undefined));
    for (const [name, upstream] of former) if (made.get(name) !== upstream) this.retire(upstream);
    this.byName = made;
  }

  async onApplicationShutdown(): Promise<void> {
    const all = [...this.byName.values(), ...this.retired];
    await Promise.all(all.map(({ dispatcher }) => dispatcher.destroy()));
  }

  private made(
    { integrations, outbound }: GatewayConfig,
    kept: (name: string) => Upstream | undefined = () => undefined,
  ): ReadonlyMap<string, Upstream> {
    return new Map(
      [...integrations].map(([name, integration]) => [
        name,
        kept(name) ?? new Upstream(name, integration, this.metrics.of(name), outbound),
      ]),
    );
  }

  private retire(upstream: Upstream): void {
    this.retired.add(upstream);
    const close = () => {
      this.retired.delete(upstream);
      upstream.dispatcher.close().catch(() => {});
    };
    setTimeout(close, RETIREMENT_MS).unref();
  }
}

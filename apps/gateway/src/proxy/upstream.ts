import { Pool } from 'undici';
import { type IntegrationConfig } from '../config/config.schema.js';
import { type IntegrationMetrics } from '../metrics/gateway-metrics.js';

/** Where the requests of one integration go, and nowhere else: its pool connects to one origin only. */
export class Upstream {
  readonly basePath: string;
  readonly pool: Pool;

  constructor(
    readonly name: string,
    readonly config: Pick<
      IntegrationConfig,
      'upstream' | 'timeouts' | 'retryBodyLimitBytes' | 'bodyLimitBytes' | 'forwardCookies' | 'forwardAuthorizationAs'
    >,
    readonly metrics: IntegrationMetrics,
  ) {
    const { origin, pathname } = new URL(config.upstream);
    this.basePath = pathname.replace(/\/$/, '');
    this.pool = new Pool(origin, {
      // Said here, so that NODE_TLS_REJECT_UNAUTHORIZED cannot unsay it.
      connect: { timeout: config.timeouts.connectMs, rejectUnauthorized: true },
      headersTimeout: config.timeouts.headersMs,
      // The relay watches the body: only it knows an event stream when it sees one.
      bodyTimeout: 0,
    });
  }
}

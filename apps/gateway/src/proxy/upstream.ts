import { Pool } from 'undici';
import { type IntegrationConfig } from '../config/config.schema.js';
import { type IntegrationMetrics } from '../metrics/gateway-metrics.js';

/** The upstream of one integration. Its pool connects to one origin only. */
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
      // Set explicitly, so that NODE_TLS_REJECT_UNAUTHORIZED cannot turn the check off.
      connect: { timeout: config.timeouts.connectMs, rejectUnauthorized: true },
      headersTimeout: config.timeouts.headersMs,
      // The relay limits the body instead, because it knows the content type and must not limit an event stream.
      bodyTimeout: 0,
    });
  }
}

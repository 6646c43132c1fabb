import { Pool } from 'undici';
import { type IntegrationConfig } from '../config/config.schema.js';
import { type IntegrationMetrics } from '../metrics/gateway-metrics.js';
import { verifyingConnector } from './upstream-connector.js';
import { type Mount } from './references/gateway-reference.js';

/** The upstream of one integration. Its pool connects to one origin only. */
export class Upstream {
  /** Its base, and the path of that base at the gateway. */
  readonly mount: Mount & { readonly origin: string };
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
    this.mount = { origin, basePath: pathname.replace(/\/$/, ''), gatewayPath: `/proxy/${name}` };
    this.pool = new Pool(origin, {
      connect: verifyingConnector(config.timeouts.connectMs),
      headersTimeout: config.timeouts.headersMs,
      // The relay limits the body instead, because it knows the content type and must not limit an event stream.
      bodyTimeout: 0,
    });
  }
}

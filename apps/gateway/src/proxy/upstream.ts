import { Pool } from 'undici';
import { type IntegrationConfig, MAX_MS } from '../config/config.schema.js';
import { type IntegrationMetrics } from '../metrics/gateway-metrics.js';
import { type AnswerLimits } from './answer-head.js';
import { verifyingConnector } from './upstream-connector.js';
import { type Mount } from './references/gateway-reference.js';

/** The upstream of one integration. Its pool connects to one origin only. */
export class Upstream {
  /** Its base, and the path of that base at the gateway. */
  readonly mount: Mount & { readonly origin: string };
  readonly pool: Pool;
  readonly answerLimits: AnswerLimits;

  constructor(
    readonly name: string,
    readonly config: Pick<
      IntegrationConfig,
      | 'upstream'
      | 'maxConnections'
      | 'timeouts'
      | 'retryBodyLimitBytes'
      | 'bodyLimitBytes'
      | 'forwardCookies'
      | 'forwardAuthorizationAs'
    >,
    readonly metrics: IntegrationMetrics,
  ) {
    const { origin, pathname } = new URL(config.upstream);
    this.mount = { origin, basePath: pathname.replace(/\/$/, ''), gatewayPath: `/proxy/${name}` };
    const { connectMs, headersMs } = config.timeouts;
    // Beyond the limit of a connection that is made, so that a failure to connect is told as what it is.
    this.answerLimits = { headersMs, connectionMs: Math.min(2 * connectMs, MAX_MS) };
    this.pool = new Pool(origin, {
      connections: config.maxConnections,
      connect: verifyingConnector(connectMs),
      headersTimeout: headersMs,
      // The relay limits the body instead, because it knows the content type and must not limit an event stream.
      bodyTimeout: 0,
    });
  }
}

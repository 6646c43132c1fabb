import { LONGEST_TIMER_MS } from '@mintonce/token-cache';
import { type Dispatcher } from 'undici';
import { type OutboundProxy } from '../config/environment.js';
import { type Integration } from '../config/integration.js';
import { type IntegrationMetrics } from '../metrics/gateway-metrics.js';
import { type AnswerLimits } from './answer-head.js';
import { type BodyLimits } from './request-body.js';
import { upstreamDispatcher } from './upstream-dispatcher.js';
import { type Mount } from './references/gateway-reference.js';

/** The upstream of one integration. Its dispatcher is asked for one origin only. */
export class Upstream {
  /** Its base, and the path of that base at the gateway. */
  readonly mount: Mount & { readonly origin: string };
  readonly dispatcher: Dispatcher;
  readonly bodyLimits: BodyLimits;
  readonly answerLimits: AnswerLimits;

  constructor(
    readonly name: string,
    readonly config: Pick<
      Integration,
      | 'upstream'
      | 'tls'
      | 'maxConnections'
      | 'keepAliveMs'
      | 'keepAliveMaxMs'
      | 'timeouts'
      | 'retryBodyLimitBytes'
      | 'bodyLimitBytes'
      | 'forwardCookies'
      | 'forwardAuthorizationAs'
    >,
    readonly metrics: IntegrationMetrics,
    outbound?: OutboundProxy,
  ) {
    const { origin, pathname } = new URL(config.upstream);
    this.mount = { origin, basePath: pathname.replace(/\/$/, ''), gatewayPath: `/proxy/${name}` };
    const { connectMs, headersMs, bodyMs } = config.timeouts;
    const { retryBodyLimitBytes, bodyLimitBytes } = config;
    this.bodyLimits = { retryBodyLimitBytes, bodyLimitBytes, bodyMs };
    // Beyond the limit of a connection that is made, so that a failure to connect is told as what it is.
    this.answerLimits = { headersMs, connectionMs: Math.min(2 * connectMs, LONGEST_TIMER_MS) };
    this.dispatcher = upstreamDispatcher(origin, {
      connectMs,
      connections: config.maxConnections,
      keepAliveMs: config.keepAliveMs,
      keepAliveMaxMs: config.keepAliveMaxMs,
      tls: config.tls,
      outbound,
    });
  }
}

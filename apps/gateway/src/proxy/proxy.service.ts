import { type IncomingMessage, type ServerResponse } from 'node:http';
import { TokenService } from '@mintonce/token-cache';
import { Injectable } from '@nestjs/common';
import { InjectConfig } from '../config/gateway-config.token.js';
import { DEFAULT_LIMITS } from '../config/limits.js';
import { type GatewayConfig } from '../config/load-config.js';
import { factsOf } from '../log/request-facts.js';
import { GatewayMetrics, type IntegrationMetrics } from '../metrics/gateway-metrics.js';
import { isPlain } from './answer-head.js';
import { answeredStatus } from './answered-status.js';
import { Exchange } from './exchange.js';
import { namedInConnection } from './hop-by-hop.js';
import { InFlight } from './in-flight.js';
import { onceClosed } from './once-closed.js';
import { type Problem, ProblemError, sendProblem } from './problem.js';
import {
  invalidPath,
  overloaded,
  problemOf,
  requestLoop,
  unknownIntegration,
  unsupportedMethod,
  unsupportedTransferCoding,
  unsupportedUpgrade,
} from './problems.js';
import { FORWARDED_METHODS } from './proxy.methods.js';
import { idOfRequest } from './request-id.js';
import { failureCode } from './upstream-problem.js';
import { proxyTarget, upstreamPath } from './upstream-target.js';
import { type Upstream } from './upstream.js';
import { Upstreams } from './upstreams.js';
import { isLooping } from './via.js';

type Route = { upstream: Upstream; path: string } | { problem: Problem };

/** Forwards requests to the upstreams of their integrations, with the access token. */
@Injectable()
export class ProxyService {
  private readonly unrouted: IntegrationMetrics;
  private readonly inFlight: InFlight;

  constructor(
    private readonly tokens: TokenService,
    private readonly upstreams: Upstreams,
    private readonly metrics: GatewayMetrics,
    @InjectConfig() config: GatewayConfig,
  ) {
    this.inFlight = new InFlight((config.limits ?? DEFAULT_LIMITS).inFlight);
    this.unrouted = metrics.of('');
  }

  /** Answers the request; never throws. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    const requestId = idOfRequest(request);
    const route = this.route(request);
    if ('problem' in route) {
      this.measure(request, response, '');
      return sendProblem(response, route.problem, requestId);
    }
    const { name } = route.upstream;
    factsOf(request).integration = name;
    if (!this.inFlight.hasPlace(name, this.upstreams.count)) {
      this.measure(request, response, name, route.upstream.metrics);
      return sendProblem(response, overloaded(), requestId);
    }
    const exchange = new Exchange(this.tokens, route.upstream, route.path, request, response, requestId);
    this.measure(request, response, name, route.upstream.metrics, () => exchange.abandon());
    void this.run(exchange, response, requestId);
  }

  private route(request: IncomingMessage): Route {
    if (asksForUpgrade(request)) return { problem: unsupportedUpgrade() };
    if (!FORWARDED_METHODS.has(request.method!)) return { problem: unsupportedMethod([...FORWARDED_METHODS]) };
    if (isLooping(request)) return { problem: requestLoop() };
    if (!isPlain(request.headers['transfer-encoding'])) return { problem: unsupportedTransferCoding() };
    const target = proxyTarget(request.url!);
    if (!target) return { problem: invalidPath() };
    const upstream = this.upstreams.find(target.integration);
    if (!upstream) return { problem: unknownIntegration() };
    const path = upstreamPath(upstream.mount.basePath, target.path);
    return path === undefined ? { problem: invalidPath() } : { upstream, path: path + target.query };
  }

  private async run(exchange: Exchange, response: ServerResponse, requestId: string): Promise<void> {
    const facts = factsOf(response.req);
    try {
      await exchange.run();
      if (exchange.brokenBy) facts.cause = failureCode(exchange.brokenBy);
    } catch (error) {
      if (exchange.isAbandoned) return;
      if (error instanceof ProblemError && error.cause) facts.cause = failureCode(error.cause);
      sendProblem(response, problemOf(error), requestId);
    }
  }

  private measure(
    request: IncomingMessage,
    response: ServerResponse,
    integration: string,
    metrics: IntegrationMetrics = this.unrouted,
    callerLeft?: () => void,
  ): void {
    const startedAt = performance.now();
    this.metrics.inFlight.inc();
    this.inFlight.add(integration);
    onceClosed(request, response, () => {
      this.metrics.inFlight.dec();
      this.inFlight.remove(integration);
      metrics.answered(answeredStatus(response), performance.now() - startedAt);
      if (!response.writableFinished) callerLeft?.();
    });
  }
}

/** Whether the caller needs an upgrade. One to `h2c` may be ignored (RFC 9110 section 7.8), and curl asks for it. */
function asksForUpgrade({ headers }: IncomingMessage): boolean {
  if (headers.upgrade === undefined || headers.upgrade.toLowerCase() === 'h2c') return false;
  return namedInConnection(headers.connection).has('upgrade');
}

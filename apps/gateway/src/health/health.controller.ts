import { TokenCacheHealthIndicator } from '@mintonce/token-cache/health';
import { Controller, Get } from '@nestjs/common';
import { HealthCheck, type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';

/** None of these mints, and none asks an authorization server or an upstream. */
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly tokens: TokenCacheHealthIndicator,
  ) {}

  /** The event loop answers. */
  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /**
   * Whether requests can be served, and what is known of every integration: 503 only when no request could be served.
   * Terminus learns of a shutdown after the last answer is out, so a worker that drains stays ready, as its siblings are.
   */
  @Get(['', 'ready'])
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.tokens.isHealthy('tokens')]);
  }
}

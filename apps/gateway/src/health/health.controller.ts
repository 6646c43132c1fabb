import { TokenCacheHealthIndicator } from '@mintonce/token-cache/health';
import { Controller, Get } from '@nestjs/common';
import { HealthCheck, type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';

/** Health checks. They never mint, and call no authorization server and no upstream. */
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly tokens: TokenCacheHealthIndicator,
  ) {}

  /** Liveness: the event loop answers. */
  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /**
   * Readiness, and the state of every integration. It answers 503 only while no integration can be served. A worker that drains
   * stays ready, since its siblings serve: terminus learns of the shutdown after the last answer.
   */
  @Get(['', 'ready'])
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.tokens.isHealthy('tokens')]);
  }
}

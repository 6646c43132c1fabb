import { TokenCacheHealthIndicator } from '@mintonce/token-cache/health';
import { Controller, Get } from '@nestjs/common';
import { HealthCheck, type HealthCheckResult, HealthCheckService, type HealthIndicatorResult } from '@nestjs/terminus';

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
   * Readiness. It answers 503 only while no integration can be served. A worker that drains stays ready, since its siblings serve:
   * terminus learns of the shutdown after the last answer. It is open at every door, and therefore names no integration.
   */
  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([async () => withoutIntegrations(await this.tokens.isHealthy('tokens'))]);
  }

  /** The same, and the state of every integration. */
  @Get()
  @HealthCheck()
  all(): Promise<HealthCheckResult> {
    return this.health.check([() => this.tokens.isHealthy('tokens')]);
  }
}

function withoutIntegrations({ tokens }: HealthIndicatorResult<'tokens'>): HealthIndicatorResult<'tokens'> {
  const open = Object.fromEntries(Object.entries(tokens).filter(([name]) => name !== 'integrations'));
  return { tokens: open as typeof tokens };
}

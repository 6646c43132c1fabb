import { TokenCacheHealthIndicator } from '@mintonce/token-cache/health';
import { Controller, Get, Req } from '@nestjs/common';
import { type HealthCheckResult, HealthCheckService, type HealthIndicatorResult } from '@nestjs/terminus';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { type FastifyRequest } from 'fastify';
import { doorOf } from '../access/doors.js';
import { InjectConfig } from '../config/gateway-config.token.js';
import { type GatewayConfig } from '../config/load-config.js';
import { DocumentedHealthCheck } from './documented-health-check.js';

/** Health checks. They never mint, and call no authorization server and no upstream. */
@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly tokens: TokenCacheHealthIndicator,
    @InjectConfig() private readonly config: GatewayConfig,
  ) {}

  /** Liveness: the event loop answers. */
  @Get('live')
  @ApiOperation({ summary: 'Whether the event loop answers' })
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /**
   * Readiness. It answers 503 only while no integration can be served. A worker that drains stays ready, since its siblings serve:
   * terminus learns of the shutdown after the last answer. It is open at every door, and names no integration at one that asks for
   * a credential.
   */
  @Get('ready')
  @ApiOperation({ summary: 'Whether this gateway can serve' })
  @DocumentedHealthCheck()
  ready(@Req() { raw }: Pick<FastifyRequest, 'raw'>): Promise<HealthCheckResult> {
    const isGuarded = this.config.access !== undefined && doorOf(raw) === 'main';
    return this.health.check([
      async () => {
        const report = await this.tokens.isHealthy('tokens');
        return isGuarded ? withoutIntegrations(report) : report;
      },
    ]);
  }

  /** The same, with the state of every integration. */
  @Get()
  @ApiOperation({ summary: 'The same, with the state of every integration' })
  @DocumentedHealthCheck()
  all(): Promise<HealthCheckResult> {
    return this.health.check([() => this.tokens.isHealthy('tokens')]);
  }
}

function withoutIntegrations({ tokens }: HealthIndicatorResult<'tokens'>): HealthIndicatorResult<'tokens'> {
  const open = Object.fromEntries(Object.entries(tokens).filter(([name]) => name !== 'integrations'));
  return { tokens: open as typeof tokens };
}

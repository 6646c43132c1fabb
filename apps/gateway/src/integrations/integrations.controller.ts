import { type IntegrationStatus, TokenService } from '@mintonce/token-cache';
import { Controller, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { AuditLog } from '../access/audit-log.js';
import { callerOf } from '../access/caller.js';
import { InjectConfig } from '../config/gateway-config.token.js';
import { type GatewayConfig } from '../config/load-config.js';

/** One integration in the answer. */
interface IntegrationView extends Omit<IntegrationStatus, 'integration'> {
  readonly name: string;
  /** Base URL of its upstream. */
  readonly upstream: string;
}

/** The state of the integrations, and their purge. */
@Controller('api/integrations')
export class IntegrationsController {
  constructor(
    private readonly tokens: TokenService,
    private readonly audit: AuditLog,
    @InjectConfig() private readonly config: GatewayConfig,
  ) {}

  /** The integrations that the caller may use. */
  @Get()
  list(@Req() { raw }: Pick<FastifyRequest, 'raw'>): Promise<IntegrationView[]> {
    const grant = callerOf(raw)?.grant;
    const visible = [...this.config.integrations].filter(([name]) => grant?.covers(name) ?? true);
    return Promise.all(visible.map(([name, { upstream }]) => this.view(name, upstream)));
  }

  /** Deletes the token in the store and in all workers; the next request mints. */
  @Post(':name/purge')
  @HttpCode(204)
  async purge(@Param('name') name: string, @Req() { raw }: Pick<FastifyRequest, 'raw'>): Promise<void> {
    await this.tokens.purge(name);
    this.audit.record(raw, { event: 'purged', integration: name });
  }

  private async view(name: string, upstream: string): Promise<IntegrationView> {
    const { state, expiresAt, generation, coolingMs, lastErrorCode } = await this.tokens.status(name);
    return { name, upstream, state, expiresAt, generation, coolingMs, lastErrorCode };
  }
}

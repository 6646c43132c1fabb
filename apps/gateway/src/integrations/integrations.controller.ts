import { TokenService } from '@mintonce/token-cache';
import { Controller, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type FastifyRequest } from 'fastify';
import { AuditLog } from '../access/audit-log.js';
import { callerOf } from '../access/caller.js';
import { InjectConfig } from '../config/gateway-config.token.js';
import { type GatewayConfig } from '../config/load-config.js';
import { IntegrationView, viewOf } from './integration-view.js';

/** The state of the integrations, and their purge. */
@ApiTags('integrations')
@Controller('api/integrations')
export class IntegrationsController {
  constructor(
    private readonly tokens: TokenService,
    private readonly audit: AuditLog,
    @InjectConfig() private readonly config: GatewayConfig,
  ) {}

  /** The integrations that the caller may use. */
  @Get()
  @ApiOperation({ summary: 'The integrations that the caller may use' })
  @ApiOkResponse({ type: [IntegrationView] })
  list(@Req() { raw }: Pick<FastifyRequest, 'raw'>): Promise<IntegrationView[]> {
    const grant = callerOf(raw)?.grant;
    const visible = [...this.config.integrations].filter(([name]) => grant?.covers(name) ?? true);
    return Promise.all(visible.map(async ([name, { upstream }]) => viewOf(upstream, await this.tokens.status(name))));
  }

  /** Deletes the token in the store and in all workers; the next request mints. */
  @Post(':name/purge')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Deletes the token and the cool-down in the store and in all workers; the next request mints',
  })
  @ApiNoContentResponse({ description: 'Purged' })
  async purge(@Param('name') name: string, @Req() { raw }: Pick<FastifyRequest, 'raw'>): Promise<void> {
    await this.tokens.purge(name);
    this.audit.record(raw, { event: 'purged', integration: name });
  }
}

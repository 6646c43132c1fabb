import { TokenService } from '@mintonce/token-cache';
import { Controller, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { type FastifyRequest } from 'fastify';
import { AuditLog } from '../access/audit-log.js';
import { callerOf } from '../access/caller.js';
import { InjectConfig } from '../config/gateway-config.token.js';
import { type GatewayConfig } from '../config/load-config.js';
import { type Problem, ProblemError } from '../proxy/problem.js';
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

  /**
   * Deletes the token in the store and in all workers; the next request mints. With `?all=true` it deletes those of all tenants, subjects
   * and scopes as well, whichever program that shares the store asked for them.
   */
  @Post(':name/purge')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Deletes the token and the cool-down in the store and in all workers; the next request mints',
  })
  @ApiQuery({ name: 'all', type: Boolean, required: false, description: 'Those of all tenants, subjects and scopes' })
  @ApiNoContentResponse({ description: 'Purged' })
  async purge(
    @Param('name') name: string,
    @Query() query: Record<string, unknown>,
    @Req() { raw }: Pick<FastifyRequest, 'raw'>,
  ): Promise<void> {
    const isOfAll = asksForAll(query);
    await (isOfAll ? this.tokens.purgeAll(name) : this.tokens.purge(name));
    this.audit.record(raw, { event: isOfAll ? 'all purged' : 'purged', integration: name });
  }
}

/**
 * Whether a purge is to be of all tokens. Whoever purges after a leak must not be told that it is done because of a mistyped word.
 *
 * @throws ProblemError for anything but `all=true` or `all=false`
 */
function asksForAll({ all = 'false', ...unknown }: Record<string, unknown>): boolean {
  if ((all !== 'true' && all !== 'false') || Object.keys(unknown).length > 0) throw new ProblemError(invalidPurge());
  return all === 'true';
}

const invalidPurge = (): Problem => ({
  status: 400,
  code: 'GATEWAY_PURGE_INVALID',
  title: 'Purge not understood',
  detail: 'Nothing was purged: the only parameter is all, which is true for all tokens of the integration, or false',
});

import { type IntegrationStatus, TokenService } from '@mintonce/token-cache';
import { Controller, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { AuditLog } from '../access/audit-log.js';
import { callerOf } from '../access/caller.js';
import { InjectConfig } from '../config/gateway-config.token.js';
import { type GatewayConfig } from '../config/load-config.js';
import { type Problem, ProblemError } from '../proxy/problem.js';

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

  /**
   * Deletes the token in the store and in all workers; the next request mints. With `?all=true` it deletes those of all tenants, subjects
   * and scopes as well, whichever program that shares the store asked for them.
   */
  @Post(':name/purge')
  @HttpCode(204)
  async purge(
    @Param('name') name: string,
    @Query() query: Record<string, unknown>,
    @Req() { raw }: Pick<FastifyRequest, 'raw'>,
  ): Promise<void> {
    const isOfAll = asksForAll(query);
    await (isOfAll ? this.tokens.purgeAll(name) : this.tokens.purge(name));
    this.audit.record(raw, { event: isOfAll ? 'all purged' : 'purged', integration: name });
  }

  private async view(name: string, upstream: string): Promise<IntegrationView> {
    const { state, expiresAt, generation, coolingMs, lastErrorCode } = await this.tokens.status(name);
    return { name, upstream, state, expiresAt, generation, coolingMs, lastErrorCode };
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

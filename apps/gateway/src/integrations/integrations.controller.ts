import { type IntegrationStatus, TokenService } from '@mintonce/token-cache';
import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
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
    @InjectConfig() private readonly config: GatewayConfig,
  ) {}

  @Get()
  list(): Promise<IntegrationView[]> {
    return Promise.all([...this.config.integrations].map(([name, { upstream }]) => this.view(name, upstream)));
  }

  /** Deletes the token in the store and in all workers; the next request mints. */
  @Post(':name/purge')
  @HttpCode(204)
  async purge(@Param('name') name: string): Promise<void> {
    await this.tokens.purge(name);
  }

  private async view(name: string, upstream: string): Promise<IntegrationView> {
    const { state, expiresAt, generation, coolingMs, lastErrorCode } = await this.tokens.status(name);
    return { name, upstream, state, expiresAt, generation, coolingMs, lastErrorCode };
  }
}

import { ClusterMetricsService } from '@mintonce/cluster-metrics';
import { TokenService } from '@mintonce/token-cache';
import { Controller, Get, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type FastifyRequest } from 'fastify';
import { Gatekeeper } from '../access/gatekeeper.js';
import { InjectConfig } from '../config/gateway-config.token.js';
import { type GatewayConfig } from '../config/load-config.js';
import { viewOf } from '../integrations/integration-view.js';
import { VERSION } from '../metrics/version.js';
import { countsIn, NOTHING } from './integration-counts.js';
import { mintedAtOf } from './minted-at.js';
import { StatusView } from './status-view.js';

/** What the status page shows, for the page and for programs. It never mints. */
@ApiTags('status')
@Controller('api/status')
export class StatusController {
  constructor(
    private readonly tokens: TokenService,
    private readonly metrics: ClusterMetricsService,
    private readonly gatekeeper: Gatekeeper,
    @InjectConfig() private readonly config: GatewayConfig,
  ) {}

  /** All integrations and all workers, whichever worker answers. */
  @Get()
  @ApiOperation({ summary: 'All integrations and all workers: what the status page shows' })
  @ApiOkResponse({ type: StatusView })
  async status(@Req() { raw }: Pick<FastifyRequest, 'raw'>): Promise<StatusView> {
    const [scrape, workers] = await Promise.all([this.metrics.metrics(), this.metrics.workers()]);
    const counts = countsIn(scrape);
    const integrations = [...this.config.integrations].map(async ([name, { upstream }]) => {
      const view = viewOf(upstream, await this.tokens.status(name));
      return {
        ...view,
        mintedAt: mintedAtOf(view.generation, view.expiresAt),
        ...(counts.get(name) ?? NOTHING),
        purge: this.gatekeeper.purgeRight(raw, name),
      };
    });
    return {
      at: Date.now(),
      version: VERSION,
      workers: workers.map(({ slot, pid, startedAt, up }) => ({ slot, pid, startedAt: startedAt.getTime(), up })),
      integrations: await Promise.all(integrations),
    };
  }
}

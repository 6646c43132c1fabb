import { ClusterMetricsModule } from '@mintonce/cluster-metrics';
import { TokenCacheMetricsModule } from '@mintonce/token-cache/prometheus';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { AccessModule } from './access/access.module.js';
import { ApiDocsController } from './api-docs/api-docs.controller.js';
import { ApiDocument } from './api-docs/api-document.js';
import { ConfigModule } from './config/config.module.js';
import { type GatewayConfig } from './config/load-config.js';
import { HealthModule } from './health/health.module.js';
import { IntegrationsController } from './integrations/integrations.controller.js';
import { type Log } from './log/log.js';
import { LogModule } from './log/log.module.js';
import { ProblemFilter } from './problem.filter.js';
import { ProxyModule } from './proxy/proxy.module.js';
import { Reload } from './reload/reload.js';
import { StatusController } from './status/status.controller.js';
import { StatusPageController } from './status/status-page.controller.js';
import { TokenController } from './tokens/token.controller.js';
import { TokensModule } from './tokens/tokens.module.js';

/** The root module of the gateway. */
@Module({})
export class AppModule {
  static forRoot(config: GatewayConfig, log: Log): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(config),
        LogModule.forRoot(log),
        AccessModule,
        TokensModule.forRoot(config),
        ClusterMetricsModule.forRoot({ path: '/metrics' }),
        TokenCacheMetricsModule,
        ProxyModule,
        HealthModule,
      ],
      controllers: [IntegrationsController, TokenController, StatusController, StatusPageController, ApiDocsController],
      providers: [Reload, ApiDocument, { provide: APP_FILTER, useClass: ProblemFilter }],
    };
  }
}

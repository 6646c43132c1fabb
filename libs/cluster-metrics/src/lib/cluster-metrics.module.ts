import { type DynamicModule, Module } from '@nestjs/common';
import {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
  type OPTIONS_TYPE,
} from './cluster-metrics.module-definition.js';
import { resolveOptions } from './cluster-metrics.options.js';
import { CLUSTER_METRICS_CONFIG, ClusterMetricsService } from './cluster-metrics.service.js';

/**
 * Serves one Prometheus scrape for all workers of the application, whichever worker answers it. The metrics are those of
 * prom-client's global registry. Import the module once, at the root.
 *
 * @example
 * @Module({ imports: [ClusterMetricsModule.forRoot()] })
 * export class AppModule {}
 */
@Module({
  providers: [
    { provide: CLUSTER_METRICS_CONFIG, useFactory: resolveOptions, inject: [MODULE_OPTIONS_TOKEN] },
    ClusterMetricsService,
  ],
  exports: [ClusterMetricsService],
})
export class ClusterMetricsModule extends ConfigurableModuleClass {
  /**
   * The module with fixed options; `forRootAsync` takes them from a factory.
   *
   * @throws TypeError naming the option that is invalid: `path` at once, the others when the application starts
   */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return super.forRoot(options);
  }
}

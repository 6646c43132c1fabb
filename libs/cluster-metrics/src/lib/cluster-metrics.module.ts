import { type DynamicModule, Module } from '@nestjs/common';
import {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
  type OPTIONS_TYPE,
} from './cluster-metrics.module-definition.js';
import { resolveOptions } from './cluster-metrics.options.js';
import { CLUSTER_METRICS_CONFIG, ClusterMetricsService } from './cluster-metrics.service.js';

/**
 * Serves one Prometheus scrape for all workers of the application, whichever is asked. Metrics are those of prom-client's
 * global registry, however they were made. Import it once, at the root.
 */
@Module({
  providers: [
    { provide: CLUSTER_METRICS_CONFIG, useFactory: resolveOptions, inject: [MODULE_OPTIONS_TOKEN] },
    ClusterMetricsService,
  ],
  exports: [ClusterMetricsService],
})
export class ClusterMetricsModule extends ConfigurableModuleClass {
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return super.forRoot(options);
  }
}

import { ConfigurableModuleBuilder } from '@nestjs/common';
import { checkPath, type ClusterMetricsOptions } from './cluster-metrics.options.js';
import { metricsControllerAt } from './metrics.controller.js';

/**
 * Options of the module itself. Nest fixes routes before it injects options, so `forRootAsync` takes the path beside
 * `useFactory` and not from its result.
 */
const EXTRAS = {
  /** Route of the scrape. @defaultValue `'/metrics'` */
  path: '/metrics',
  /** Whether `ClusterMetricsService` can be injected without importing the module. @defaultValue `false` */
  isGlobal: false,
};

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<ClusterMetricsOptions>({ moduleName: 'ClusterMetrics' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createClusterMetricsOptions')
    .setExtras(EXTRAS, (definition, { path, isGlobal }) => ({
      ...definition,
      global: isGlobal,
      controllers: [metricsControllerAt(checkPath(path))],
    }))
    .build();

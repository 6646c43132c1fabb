import { ConfigurableModuleBuilder } from '@nestjs/common';
import { checkPath, type ClusterMetricsOptions } from './cluster-metrics.options.js';
import { metricsControllerAt } from './metrics.controller.js';

/** Routes are fixed before options can be injected, so the path is given beside `useFactory`, not by it. */
const EXTRAS = {
  /** Route of the scrape. */
  path: '/metrics',
  /** Whether `ClusterMetricsService` can be injected without importing the module. */
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

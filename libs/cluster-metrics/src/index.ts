export { ClusterMetricsModule } from './lib/cluster-metrics.module.js';
export { type ClusterMetricsOptions } from './lib/cluster-metrics.options.js';
export { ClusterMetricsService, type WorkerInfo } from './lib/cluster-metrics.service.js';

export { TokenCacheMetricsModule } from './token-cache-metrics.module.js';

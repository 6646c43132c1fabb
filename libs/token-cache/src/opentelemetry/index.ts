export { TokenCacheTelemetryModule } from './token-cache-telemetry.module.js';
export { TokenMetricsObserver } from './token-metrics.observer.js';
export { TokenTracingObserver } from './token-tracing.observer.js';

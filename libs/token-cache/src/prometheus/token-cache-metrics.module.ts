import { Module, type OnApplicationBootstrap, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { TokenService } from '../nest/token.service.js';
import { PrometheusTokenObserver } from './prometheus-token-observer.js';
import { TOKEN_CACHE_METRICS } from './token-cache-metrics.js';

/**
 * Exports the metrics of `TokenService` through prom-client's default registry: hits, misses, mints, store calls and more, by
 * integration. Import it once, in an application that imports `TokenCacheModule` and the `PrometheusModule` of
 * `@willsoto/nestjs-prometheus`.
 *
 * @example
 * @Module({ imports: [PrometheusModule.register(), TokenCacheMetricsModule] })
 * export class ObservabilityModule {}
 */
@Module({ providers: [...TOKEN_CACHE_METRICS, PrometheusTokenObserver] })
export class TokenCacheMetricsModule implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private ignore = (): void => {};

  constructor(
    private readonly modules: ModuleRef,
    private readonly observer: PrometheusTokenObserver,
  ) {}

  onModuleInit(): void {
    this.ignore = this.modules.get(TokenService, { strict: false }).observe(this.observer);
  }

  /** Runs after every feature module has added its integrations. */
  onApplicationBootstrap(): void {
    this.observer.startAtZero(this.modules.get(TokenService, { strict: false }).integrations);
  }

  onModuleDestroy(): void {
    this.ignore();
  }
}

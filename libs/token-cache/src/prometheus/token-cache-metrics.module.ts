import { Module, type OnApplicationBootstrap, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { TokenService } from '../nest/token.service.js';
import { PrometheusTokenObserver } from './prometheus-token-observer.js';
import { TOKEN_CACHE_METRICS } from './token-cache-metrics.js';

/**
 * Counts what `TokenService` does. Import it once, anywhere in an application that has `TokenCacheModule` and the
 * `PrometheusModule` of `@willsoto/nestjs-prometheus`.
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

  /** By now every feature module has added its integrations. */
  onApplicationBootstrap(): void {
    this.observer.startAtZero(this.modules.get(TokenService, { strict: false }).integrations);
  }

  onModuleDestroy(): void {
    this.ignore();
  }
}

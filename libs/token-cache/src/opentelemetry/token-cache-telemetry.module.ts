import { Module, type OnApplicationBootstrap, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { TokenService } from '../nest/token.service.js';
import { TokenMetricsObserver } from './token-metrics.observer.js';
import { TokenTracingObserver } from './token-tracing.observer.js';

/**
 * Gives the spans and metrics of `TokenService` to the providers of `@opentelemetry/api`. Import it once, in an application that
 * imports `TokenCacheModule`, and start the SDK before it.
 *
 * @example
 * @Module({ imports: [TokenCacheTelemetryModule] })
 * export class ObservabilityModule {}
 */
@Module({})
export class TokenCacheTelemetryModule implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly metrics = new TokenMetricsObserver();
  private readonly tracing = new TokenTracingObserver();
  private ignore = (): void => {};

  constructor(private readonly modules: ModuleRef) {}

  onModuleInit(): void {
    const tokens = this.tokens();
    const ignored = [tokens.observe(this.tracing), tokens.observe(this.metrics)];
    this.ignore = () => ignored.forEach((ignore) => ignore());
  }

  /** Runs after every feature module has added its integrations. */
  onApplicationBootstrap(): void {
    this.metrics.startAtZero(this.tokens().integrations);
  }

  onModuleDestroy(): void {
    this.ignore();
  }

  private tokens(): TokenService {
    return this.modules.get(TokenService, { strict: false });
  }
}

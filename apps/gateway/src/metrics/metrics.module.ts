import { Module } from '@nestjs/common';
import { GATEWAY_METRICS } from './gateway-metrics.providers.js';
import { GatewayMetrics } from './gateway-metrics.js';

/** Provides `GatewayMetrics`. */
@Module({ providers: [...GATEWAY_METRICS, GatewayMetrics], exports: [GatewayMetrics] })
export class MetricsModule {}

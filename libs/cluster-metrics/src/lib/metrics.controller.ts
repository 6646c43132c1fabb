import { Controller, Get, Header, Inject, type Type, VERSION_NEUTRAL } from '@nestjs/common';
import { Registry } from 'prom-client';
import { ClusterMetricsService } from './cluster-metrics.service.js';

/** The controller that answers a scrape at a route. The versioning of the API does not apply to it. */
export function metricsControllerAt(path: string): Type<unknown> {
  @Controller({ path, version: VERSION_NEUTRAL })
  class MetricsController {
    constructor(@Inject(ClusterMetricsService) private readonly metrics: ClusterMetricsService) {}

    @Get()
    @Header('Content-Type', Registry.PROMETHEUS_CONTENT_TYPE)
    index(): Promise<string> {
      return this.metrics.metrics();
    }
  }
  return MetricsController;
}

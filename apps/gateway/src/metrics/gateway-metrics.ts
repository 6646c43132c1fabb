import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import { Counter, Gauge, Histogram } from 'prom-client';
import { WORKER } from '../worker.js';
import { VERSION } from './version.js';

/** The gateway's own metrics, beside those of the tokens. Labels hold integration names, statuses and slots only. */
@Injectable()
export class GatewayMetrics {
  constructor(
    @InjectMetric('gateway_requests_total') private readonly requests: Counter,
    @InjectMetric('gateway_request_duration_seconds') private readonly requestSeconds: Histogram,
    @InjectMetric('gateway_upstream_duration_seconds') private readonly upstreamSeconds: Histogram,
    @InjectMetric('gateway_retries_total') private readonly retries: Counter,
    @InjectMetric('gateway_foreign_references_total') private readonly foreignReferences: Counter,
    @InjectMetric('gateway_inflight_requests') readonly inFlight: Gauge,
    @InjectMetric('gateway_build_info') buildInfo: Gauge,
  ) {
    buildInfo.set({ version: VERSION, node: process.version }, 1);
  }

  /** The metrics of one integration. Their labels are resolved once, because a look-up for each request is slow. */
  of(integration: string): IntegrationMetrics {
    const codes = new Map<number, Counter.Internal>();
    const requestsWith = (code: number) => this.requests.labels({ integration, code, worker: WORKER });
    const requestSeconds = this.requestSeconds.labels({ integration });
    const upstreamSeconds = this.upstreamSeconds.labels({ integration });
    const retries = {
      unauthorized: this.retries.labels({ integration, reason: 'unauthorized' }),
      connection: this.retries.labels({ integration, reason: 'connection' }),
    };
    return {
      answered: (code, durationMs) => {
        const counter = codes.get(code) ?? requestsWith(code);
        codes.set(code, counter);
        counter.inc();
        requestSeconds.observe(durationMs / 1000);
      },
      upstreamAnswered: (durationMs) => upstreamSeconds.observe(durationMs / 1000),
      retried: (reason) => retries[reason].inc(),
      foreignReference: (field) => this.foreignReferences.inc({ integration, field }),
    };
  }
}

/** The metrics of one integration; durations are in ms. */
export interface IntegrationMetrics {
  /** A request was answered with this status. */
  answered(code: number, durationMs: number): void;
  /** The header of the upstream's answer arrived. */
  upstreamAnswered(durationMs: number): void;
  /** A request was sent again: after an answer that speaks against the token, or because its kept connection was closed. */
  retried(reason: 'unauthorized' | 'connection'): void;
  /** A reference in that field of an answer leads past the gateway. */
  foreignReference(field: string): void;
}

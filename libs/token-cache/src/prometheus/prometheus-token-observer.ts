import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import { type Counter, type Gauge, type Histogram } from 'prom-client';
import { MINT_OUTCOMES, MINT_REASONS, REJECTION_OUTCOMES } from '../core/contract/measured.js';
import {
  type HitLayer,
  type MintOutcome,
  type RejectionOutcome,
  type StoreOperation,
  TokenObserver,
} from '../core/contract/token-observer.js';
import { type MintReason } from '../core/contract/token-store.js';
import { type HitTally, tallyOf } from './hit-tally.js';

/** Writes the events of the cache to the metrics of prom-client; durations are in seconds there. */
@Injectable()
export class PrometheusTokenObserver extends TokenObserver {
  private readonly hits: HitTally;

  constructor(
    @InjectMetric('token_cache_hits') hits: Counter,
    @InjectMetric('token_cache_misses') private readonly misses: Counter,
    @InjectMetric('token_mint_count') private readonly mints: Counter,
    @InjectMetric('token_mint_duration_seconds') private readonly mintSeconds: Histogram,
    @InjectMetric('token_wait_duration_seconds') private readonly waitSeconds: Histogram,
    @InjectMetric('token_store_duration_seconds') private readonly storeSeconds: Histogram,
    @InjectMetric('token_store_errors_total') private readonly storeErrors: Counter,
    @InjectMetric('token_leases_lost_total') private readonly leasesLost: Counter,
    @InjectMetric('token_refresh_failures_total') private readonly refreshFailures: Counter,
    @InjectMetric('token_rejections_total') private readonly rejections: Counter,
    @InjectMetric('token_payload_undecryptable_total') private readonly undecryptable: Counter,
    @InjectMetric('token_commits_superseded_total') private readonly commitsSuperseded: Counter,
    @InjectMetric('token_expiry_timestamp_seconds') private readonly expiry: Gauge,
  ) {
    super();
    this.hits = tallyOf(hits);
  }

  /** Creates the counters of each integration with the value 0: `increase()` misses a counter's first increment otherwise. */
  startAtZero(integrations: readonly string[]): void {
    for (const integration of integrations) {
      this.misses.inc({ integration }, 0);
      this.hits.startAtZero(integration);
      for (const outcome of REJECTION_OUTCOMES) this.rejections.inc({ integration, outcome }, 0);
      for (const outcome of MINT_OUTCOMES) {
        for (const reason of MINT_REASONS) this.mints.inc({ integration, outcome, reason }, 0);
      }
    }
  }

  override hit(integration: string, layer: HitLayer): void {
    this.hits.add(integration, layer);
  }

  override miss(integration: string): void {
    this.misses.inc({ integration });
  }

  override minted(
    integration: string,
    { outcome, reason, durationMs }: { outcome: MintOutcome; reason: MintReason; durationMs: number },
  ): void {
    this.mints.inc({ integration, outcome, reason });
    this.mintSeconds.observe({ integration, outcome }, durationMs / 1_000);
  }

  override learned(integration: string, expiresAt: number): void {
    this.expiry.set({ integration }, expiresAt / 1_000);
  }

  override waited(integration: string, durationMs: number): void {
    this.waitSeconds.observe({ integration }, durationMs / 1_000);
  }

  override storeCalled(operation: StoreOperation, durationMs: number, failed: boolean): void {
    this.storeSeconds.observe({ operation }, durationMs / 1_000);
    if (failed) this.storeErrors.inc({ operation });
  }

  override leaseLost(integration: string): void {
    this.leasesLost.inc({ integration });
  }

  override refreshFailed(integration: string, code: string): void {
    this.refreshFailures.inc({ integration, code });
  }

  override rejected(integration: string, outcome: RejectionOutcome): void {
    this.rejections.inc({ integration, outcome });
  }

  override unreadable(integration: string): void {
    this.undecryptable.inc({ integration });
  }

  override superseded(integration: string): void {
    this.commitsSuperseded.inc({ integration });
  }
}

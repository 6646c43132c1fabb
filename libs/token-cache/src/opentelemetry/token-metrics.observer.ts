import { metrics } from '@opentelemetry/api';
import { MINT_OUTCOMES, MINT_REASONS, REJECTION_OUTCOMES } from '../core/contract/measured.js';
import {
  type HitLayer,
  type MintOutcome,
  type RejectionOutcome,
  type StoreOperation,
  TokenObserver,
} from '../core/contract/token-observer.js';
import { type MintReason } from '../core/contract/token-store.js';
import { tallyOf } from './hit-tally.js';
import { instrumentsOf } from './instruments.js';
import { ERROR_TYPE, INTEGRATION, OPERATION, OUTCOME, REASON, SCOPE } from './scope.js';

/**
 * Writes the events of the cache to the `MeterProvider` that is registered by the time that it is made; durations are in seconds.
 *
 * @example
 * tokens.observe(new TokenMetricsObserver(tokens.integrations));
 */
export class TokenMetricsObserver extends TokenObserver {
  private readonly meter = metrics.getMeter(SCOPE);
  private readonly hits = tallyOf(this.meter);
  private readonly instruments = instrumentsOf(this.meter);

  /** @param integrations whose counters begin at 0: an increase from nothing to one is seen by no query. @defaultValue none */
  constructor(integrations: readonly string[] = []) {
    super();
    this.startAtZero(integrations);
  }

  /** Makes the counters of these integrations begin at 0. */
  startAtZero(integrations: readonly string[]): void {
    const { misses, mints, rejections } = this.instruments;
    for (const integration of integrations) {
      const named = { [INTEGRATION]: integration };
      this.hits.startAtZero(integration);
      misses.add(0, named);
      for (const outcome of REJECTION_OUTCOMES) rejections.add(0, { ...named, [OUTCOME]: outcome });
      for (const outcome of MINT_OUTCOMES) {
        for (const reason of MINT_REASONS) mints.add(0, { ...named, [OUTCOME]: outcome, [REASON]: reason });
      }
    }
  }

  override hit(integration: string, layer: HitLayer): void {
    this.hits.add(integration, layer);
  }

  override miss(integration: string): void {
    this.instruments.misses.add(1, { [INTEGRATION]: integration });
  }

  override minted(
    integration: string,
    { outcome, reason, durationMs }: { outcome: MintOutcome; reason: MintReason; durationMs: number },
  ): void {
    const attributes = { [INTEGRATION]: integration, [OUTCOME]: outcome };
    this.instruments.mints.add(1, { ...attributes, [REASON]: reason });
    this.instruments.mintDuration.record(durationMs / 1_000, attributes);
  }

  override learned(integration: string, expiresAt: number): void {
    this.instruments.expiry.record(expiresAt / 1_000, { [INTEGRATION]: integration });
  }

  override waited(integration: string, durationMs: number): void {
    this.instruments.waitDuration.record(durationMs / 1_000, { [INTEGRATION]: integration });
  }

  override storeCalled(operation: StoreOperation, durationMs: number, failed: boolean): void {
    this.instruments.storeDuration.record(durationMs / 1_000, { [OPERATION]: operation });
    if (failed) this.instruments.storeErrors.add(1, { [OPERATION]: operation });
  }

  override leaseLost(integration: string): void {
    this.instruments.leasesLost.add(1, { [INTEGRATION]: integration });
  }

  override refreshFailed(integration: string, code: string): void {
    this.instruments.refreshFailures.add(1, { [INTEGRATION]: integration, [ERROR_TYPE]: code });
  }

  override rejected(integration: string, outcome: RejectionOutcome): void {
    this.instruments.rejections.add(1, { [INTEGRATION]: integration, [OUTCOME]: outcome });
  }

  override unreadable(integration: string): void {
    this.instruments.undecryptable.add(1, { [INTEGRATION]: integration });
  }

  override superseded(integration: string): void {
    this.instruments.commitsSuperseded.add(1, { [INTEGRATION]: integration });
  }
}

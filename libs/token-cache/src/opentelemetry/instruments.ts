import { type Meter } from '@opentelemetry/api';
import { MINT_SECONDS, STORE_SECONDS } from '../core/contract/measured.js';
import { METRIC_HELP } from '../core/contract/metric-help.js';

/**
 * All metrics but the hits. They mean what those of Prometheus mean, and an exporter for Prometheus gives them the same names:
 * `token.mint.duration` in seconds becomes `token_mint_duration_seconds`. Three of the others have fixed names there.
 */
export function instrumentsOf(meter: Meter) {
  const counter = (name: string, unit: string, description: string) => meter.createCounter(name, { description, unit });
  const seconds = (name: string, bounds: readonly number[], description: string) =>
    meter.createHistogram(name, { description, unit: 's', advice: { explicitBucketBoundaries: [...bounds] } });
  return {
    misses: counter('token.cache.misses', '{call}', METRIC_HELP.misses),
    mints: counter('token.mints', '{mint}', METRIC_HELP.mints),
    mintDuration: seconds('token.mint.duration', MINT_SECONDS, METRIC_HELP.mintDuration),
    waitDuration: seconds('token.wait.duration', MINT_SECONDS, METRIC_HELP.waitDuration),
    storeDuration: seconds('token.store.duration', STORE_SECONDS, METRIC_HELP.storeDuration),
    storeErrors: counter('token.store.errors', '{error}', METRIC_HELP.storeErrors),
    leasesLost: counter('token.leases.lost', '{lease}', METRIC_HELP.leasesLost),
    refreshFailures: counter('token.refresh.failures', '{refresh}', METRIC_HELP.refreshFailures),
    rejections: counter('token.rejections', '{rejection}', METRIC_HELP.rejections),
    undecryptable: counter('token.payload.undecryptable', '{payload}', METRIC_HELP.undecryptable),
    commitsSuperseded: counter('token.commits.superseded', '{commit}', METRIC_HELP.commitsSuperseded),
    expiry: meter.createGauge('token.expiry.timestamp', {
      description: METRIC_HELP.expiry,
      unit: 's',
    }),
  };
}

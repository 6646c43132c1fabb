import { type Meter } from '@opentelemetry/api';
import { MINT_SECONDS, STORE_SECONDS } from '../core/contract/measured.js';

/**
 * All metrics but the hits. They mean what those of Prometheus mean, and an exporter for Prometheus gives them the same names:
 * `token.mint.duration` in seconds becomes `token_mint_duration_seconds`. Three of the others have fixed names there.
 */
export function instrumentsOf(meter: Meter) {
  const counter = (name: string, unit: string, description: string) => meter.createCounter(name, { description, unit });
  const seconds = (name: string, bounds: readonly number[], description: string) =>
    meter.createHistogram(name, { description, unit: 's', advice: { explicitBucketBoundaries: [...bounds] } });
  return {
    misses: counter('token.cache.misses', '{call}', 'Calls that found no token and started a mint or waited for one'),
    mints: counter('token.mints', '{mint}', 'Requests to the token source, by outcome and by reason'),
    mintDuration: seconds(
      'token.mint.duration',
      MINT_SECONDS,
      'Duration of requests to the token source, failures included',
    ),
    waitDuration: seconds(
      'token.wait.duration',
      MINT_SECONDS,
      'Time that this process waited for the mint of another process',
    ),
    storeDuration: seconds('token.store.duration', STORE_SECONDS, 'Duration of store calls, failures included'),
    storeErrors: counter(
      'token.store.errors',
      '{error}',
      'Store calls that failed, timed out, or were skipped while the circuit breaker was open',
    ),
    leasesLost: counter(
      'token.leases.lost',
      '{lease}',
      'Leases that could not be renewed because another process had taken over',
    ),
    refreshFailures: counter(
      'token.refresh.failures',
      '{refresh}',
      'Background refreshes that failed while callers still had a valid token',
    ),
    rejections: counter(
      'token.rejections',
      '{rejection}',
      'Answers of upstreams that spoke against a token, by what became of that',
    ),
    undecryptable: counter(
      'token.payload.undecryptable',
      '{payload}',
      'Payloads in the store that could not be decrypted or parsed',
    ),
    commitsSuperseded: counter(
      'token.commits.superseded',
      '{commit}',
      'Commits refused because the store knew a newer fence',
    ),
    expiry: meter.createGauge('token.expiry.timestamp', {
      description: 'Expiry of the token that was seen last, as the source stated it, in Unix time',
      unit: 's',
    }),
  };
}

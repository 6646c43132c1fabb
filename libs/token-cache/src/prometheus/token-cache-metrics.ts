import { makeCounterProvider, makeGaugeProvider, makeHistogramProvider } from '@willsoto/nestjs-prometheus';
import { MINT_SECONDS, STORE_SECONDS } from '../core/contract/measured.js';
import { METRIC_HELP } from '../core/contract/metric-help.js';
import { tallyOf } from './hit-tally.js';

/** All metrics. Labels hold names of integrations, never a value that a caller chooses: their number must be bounded. */
export const TOKEN_CACHE_METRICS = [
  makeCounterProvider({
    name: 'token_cache_hits',
    help: METRIC_HELP.hits,
    labelNames: ['integration', 'layer'],
    collect() {
      tallyOf(this).flush();
    },
  }),
  makeCounterProvider({
    name: 'token_cache_misses',
    help: METRIC_HELP.misses,
    labelNames: ['integration'],
  }),
  makeCounterProvider({
    name: 'token_mint_count',
    help: METRIC_HELP.mints,
    labelNames: ['integration', 'outcome', 'reason'],
  }),
  makeHistogramProvider({
    name: 'token_mint_duration_seconds',
    help: METRIC_HELP.mintDuration,
    labelNames: ['integration', 'outcome'],
    buckets: [...MINT_SECONDS],
  }),
  makeHistogramProvider({
    name: 'token_wait_duration_seconds',
    help: METRIC_HELP.waitDuration,
    labelNames: ['integration'],
    buckets: [...MINT_SECONDS],
  }),
  makeHistogramProvider({
    name: 'token_store_duration_seconds',
    help: METRIC_HELP.storeDuration,
    labelNames: ['operation'],
    buckets: [...STORE_SECONDS],
  }),
  makeCounterProvider({
    name: 'token_store_errors_total',
    help: METRIC_HELP.storeErrors,
    labelNames: ['operation'],
  }),
  makeCounterProvider({
    name: 'token_leases_lost_total',
    help: METRIC_HELP.leasesLost,
    labelNames: ['integration'],
  }),
  makeCounterProvider({
    name: 'token_refresh_failures_total',
    help: METRIC_HELP.refreshFailures,
    labelNames: ['integration', 'code'],
  }),
  makeCounterProvider({
    name: 'token_rejections_total',
    help: METRIC_HELP.rejections,
    labelNames: ['integration', 'outcome'],
  }),
  makeCounterProvider({
    name: 'token_payload_undecryptable_total',
    help: METRIC_HELP.undecryptable,
    labelNames: ['integration'],
  }),
  makeCounterProvider({
    name: 'token_commits_superseded_total',
    help: METRIC_HELP.commitsSuperseded,
    labelNames: ['integration'],
  }),
  makeGaugeProvider({
    name: 'token_expiry_timestamp_seconds',
    help: METRIC_HELP.expiry,
    labelNames: ['integration'],
    aggregator: 'max',
  }),
];

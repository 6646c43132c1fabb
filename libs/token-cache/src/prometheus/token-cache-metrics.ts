import { makeCounterProvider, makeGaugeProvider, makeHistogramProvider } from '@willsoto/nestjs-prometheus';
import { MINT_SECONDS, STORE_SECONDS } from '../core/contract/measured.js';
import { tallyOf } from './hit-tally.js';

/** All metrics. Labels hold names of integrations, never a value that a caller chooses: their number must be bounded. */
export const TOKEN_CACHE_METRICS = [
  makeCounterProvider({
    name: 'token_cache_hits',
    help: 'Calls that got a token without a mint: from this process (near), from the store (shared), or from the mint of another (waited)',
    labelNames: ['integration', 'layer'],
    collect() {
      tallyOf(this).flush();
    },
  }),
  makeCounterProvider({
    name: 'token_cache_misses',
    help: 'Calls that found no token and started a mint or waited for one',
    labelNames: ['integration'],
  }),
  makeCounterProvider({
    name: 'token_mint_count',
    help: 'Requests to the token source, by outcome and by reason',
    labelNames: ['integration', 'outcome', 'reason'],
  }),
  makeHistogramProvider({
    name: 'token_mint_duration_seconds',
    help: 'Duration of requests to the token source, failures included',
    labelNames: ['integration', 'outcome'],
    buckets: [...MINT_SECONDS],
  }),
  makeHistogramProvider({
    name: 'token_wait_duration_seconds',
    help: 'Time that this process waited for the mint of another process',
    labelNames: ['integration'],
    buckets: [...MINT_SECONDS],
  }),
  makeHistogramProvider({
    name: 'token_store_duration_seconds',
    help: 'Duration of store calls, failures included',
    labelNames: ['operation'],
    buckets: [...STORE_SECONDS],
  }),
  makeCounterProvider({
    name: 'token_store_errors_total',
    help: 'Store calls that failed, timed out, or were skipped while the circuit breaker was open',
    labelNames: ['operation'],
  }),
  makeCounterProvider({
    name: 'token_leases_lost_total',
    help: 'Leases that could not be renewed because another process had taken over',
    labelNames: ['integration'],
  }),
  makeCounterProvider({
    name: 'token_refresh_failures_total',
    help: 'Background refreshes that failed while callers still had a valid token',
    labelNames: ['integration', 'code'],
  }),
  makeCounterProvider({
    name: 'token_rejections_total',
    help: 'Answers of upstreams that spoke against a token, by what became of that',
    labelNames: ['integration', 'outcome'],
  }),
  makeCounterProvider({
    name: 'token_payload_undecryptable_total',
    help: 'Payloads in the store that could not be decrypted or parsed',
    labelNames: ['integration'],
  }),
  makeCounterProvider({
    name: 'token_commits_superseded_total',
    help: 'Commits refused because the store knew a newer fence',
    labelNames: ['integration'],
  }),
  makeGaugeProvider({
    name: 'token_expiry_timestamp_seconds',
    help: 'Expiry of the token that was seen last, as the source stated it, in Unix time',
    labelNames: ['integration'],
    aggregator: 'max',
  }),
];

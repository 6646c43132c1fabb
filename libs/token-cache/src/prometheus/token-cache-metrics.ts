import { makeCounterProvider, makeGaugeProvider, makeHistogramProvider } from '@willsoto/nestjs-prometheus';

/** From a store on the same host to one that is about to be given up. */
const STORE_SECONDS = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
/** From a provider next door to one that is about to be given up. */
const MINT_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Labels hold names of integrations and nothing that a caller chooses. */
export const TOKEN_CACHE_METRICS = [
  makeCounterProvider({
    name: 'token_cache_hits',
    help: 'Callers that were given a token without a mint: from this process, from the store, or after waiting for another',
    labelNames: ['integration', 'layer'],
  }),
  makeCounterProvider({
    name: 'token_cache_misses',
    help: 'Callers that found no token',
    labelNames: ['integration'],
  }),
  makeCounterProvider({
    name: 'token_mint_count',
    help: 'Times the source was asked for a token',
    labelNames: ['integration', 'outcome', 'reason'],
  }),
  makeHistogramProvider({
    name: 'token_mint_duration_seconds',
    help: 'How long the source took, failures included',
    labelNames: ['integration', 'outcome'],
    buckets: MINT_SECONDS,
  }),
  makeHistogramProvider({
    name: 'token_wait_duration_seconds',
    help: 'How long this process waited for a mint of another',
    labelNames: ['integration'],
    buckets: MINT_SECONDS,
  }),
  makeHistogramProvider({
    name: 'token_store_duration_seconds',
    help: 'How long calls of the store took, failures included',
    labelNames: ['operation'],
    buckets: STORE_SECONDS,
  }),
  makeCounterProvider({
    name: 'token_store_errors_total',
    help: 'Calls of the store that failed, were given up, or were not made while the circuit breaker was open',
    labelNames: ['operation'],
  }),
  makeCounterProvider({
    name: 'token_leases_lost_total',
    help: 'Leases that another process held when they were to be renewed',
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
    help: 'Payloads in the store that could not be opened or read',
    labelNames: ['integration'],
  }),
  makeCounterProvider({
    name: 'token_commits_superseded_total',
    help: 'Tokens that came after a newer fence and were not stored',
    labelNames: ['integration'],
  }),
  makeGaugeProvider({
    name: 'token_expiry_timestamp_seconds',
    help: 'When the token that was learned last expires, as the source said',
    labelNames: ['integration'],
    aggregator: 'max',
  }),
];

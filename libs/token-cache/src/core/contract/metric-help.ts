/** What each metric counts, in the words that Prometheus and OpenTelemetry show. */
export const METRIC_HELP = {
  hits: 'Calls that got a token without a mint: from this process (near), from the store (shared), or from the mint of another (waited)',
  misses: 'The other calls: served by the mint that they began, or given no token',
  mints: 'Requests to the token source, by outcome and by reason',
  mintDuration: 'Duration of requests to the token source, failures included',
  waitDuration: 'Time that this process waited for the mint of another process',
  storeDuration: 'Duration of store calls, failures included',
  storeErrors: 'Store calls that failed, timed out, or were skipped while the circuit breaker was open',
  leasesLost: 'Leases that could not be renewed because another process had taken over',
  refreshFailures: 'Background refreshes that failed while callers still had a valid token',
  rejections: 'Answers of upstreams that spoke against a token, by what became of that',
  undecryptable: 'Payloads in the store that could not be decrypted or parsed',
  commitsSuperseded: 'Commits that came after a newer fence, or after a purge or a rejection',
  expiry: 'Expiry of the token that was seen last, as the source stated it, in Unix time',
} as const;

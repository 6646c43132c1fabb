/** What all workers counted for one integration. */
export interface IntegrationCounts {
  readonly hits: number;
  readonly misses: number;
  readonly mints: number;
}

const NAMES = {
  token_cache_hits: 'hits',
  token_cache_misses: 'misses',
  token_mint_count: 'mints',
} as const satisfies Record<string, keyof IntegrationCounts>;

/** `token_cache_hits{integration="billing",layer="near"} 12`; names of integrations hold nothing that is escaped. */
const SAMPLE = /^(token_cache_hits|token_cache_misses|token_mint_count)\{[^}]*\bintegration="([^"]*)"[^}]*\} (\S+)$/gm;

/** The three counters of each integration in a scrape, summed over their other labels. */
export function countsIn(scrape: string): ReadonlyMap<string, IntegrationCounts> {
  const found = new Map<string, IntegrationCounts>();
  for (const [, metric, integration, value] of scrape.matchAll(SAMPLE)) {
    const counts = found.get(integration!) ?? NOTHING;
    const name = NAMES[metric as keyof typeof NAMES];
    found.set(integration!, { ...counts, [name]: counts[name] + Number(value) });
  }
  return found;
}

/** Of an integration that no worker has counted anything for. */
export const NOTHING: IntegrationCounts = { hits: 0, misses: 0, mints: 0 };

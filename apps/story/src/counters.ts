/** The three counters that tell the story, summed over their labels. */
export const COUNTERS = ['token_cache_hits', 'token_cache_misses', 'token_mint_count'] as const;

/** What a worker, or a whole fleet, has counted. */
export type Counters = Readonly<Record<(typeof COUNTERS)[number], number>>;

/** The counters of a fleet, which are those of its workers added up. */
export function sumOf(all: readonly Counters[]): Counters {
  const sum = (name: keyof Counters) => all.reduce((total, counters) => total + counters[name], 0);
  return {
    token_cache_hits: sum('token_cache_hits'),
    token_cache_misses: sum('token_cache_misses'),
    token_mint_count: sum('token_mint_count'),
  };
}

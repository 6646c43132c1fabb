import { type Sample, type Scrapes } from './scrape.js';

/** What one moment's scrapes say of one integration, over all workers. */
export interface IntegrationMetrics {
  /** Mints that brought a token. */
  readonly minted: number;
  /** Of these, those without the store. */
  readonly mintedAlone: number;
  /** Callers who were given a token of another worker. */
  readonly sharedHits: number;
  /** Reasons for one mint more than one per lifetime, each of which has a metric. */
  readonly excused: number;
  /** When the token ends that each worker has, in s since 1970; only those that have not ended. */
  readonly ends: readonly number[];
}

/** The integrations of the scrapes by name. */
export function integrationsIn({ at, sources }: Scrapes): ReadonlyMap<string, IntegrationMetrics> {
  const samples = sources.flat();
  const names = samples
    .filter(({ name }) => name === 'token_cache_misses')
    .flatMap(({ labels }) => labels['integration'] ?? []);
  return new Map(
    [...new Set(names)].map((name) => [
      name,
      metricsOf(
        samples.filter(({ labels }) => labels['integration'] === name),
        at,
      ),
    ]),
  );
}

/** How many workers the scrapes are of: those of a PM2 application that are up, or one an address. */
export function workersIn({ sources }: Scrapes): number {
  return sources.reduce(
    (sum, samples) =>
      sum + (samples.filter(({ name, value }) => name === 'cluster_worker_up' && value === 1).length || 1),
    0,
  );
}

/** The sum of a counter over all its labels, or over those that are given. */
export function total(samples: readonly Sample[], metric: string, label?: string, values?: readonly string[]): number {
  return samples
    .filter(({ name, labels }) => name === metric && (label === undefined || values?.includes(labels[label] ?? '')))
    .reduce((sum, { value }) => sum + value, 0);
}

function metricsOf(samples: readonly Sample[], at: number): IntegrationMetrics {
  return {
    minted: total(samples, 'token_mint_count', 'outcome', ['stored', 'superseded', 'local']),
    mintedAlone: total(samples, 'token_mint_count', 'outcome', ['local']),
    sharedHits: total(samples, 'token_cache_hits', 'layer', ['shared', 'waited']),
    excused:
      total(samples, 'token_rejections_total', 'outcome', ['replaced', 'contested']) +
      total(samples, 'token_leases_lost_total') +
      total(samples, 'token_commits_superseded_total') +
      total(samples, 'token_mint_count', 'outcome', ['local']),
    ends: samples
      .filter(({ name, value }) => name === 'token_expiry_timestamp_seconds' && value * 1_000 > at)
      .map(({ value }) => value),
  };
}

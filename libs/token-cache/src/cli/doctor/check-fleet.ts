import { failed, type Finding, ok, warning } from './finding.js';
import { type IntegrationMetrics, integrationsIn, total, workersIn } from './fleet-metrics.js';
import { type Scrapes } from './scrape.js';

const SHARE =
  'Give all workers one store: RedisTokenStore, or SqliteTokenStore for the processes of one machine. A MemoryTokenStore serves one process.';

/**
 * A refresh begins in the last fifth of a life at most, and may take `mintTimeoutMs` + `leaseMs`. In a shorter life it does not fit, with
 * the defaults of both.
 */
export const SHORT_LIFE_S = 65;

/** What two looks at the metrics say of the fleet: whether its workers share, and whether they mint too often. */
export function checkFleet(before: Scrapes, after: Scrapes): Finding[] {
  const now = integrationsIn(after);
  if (now.size === 0) {
    const advice =
      'Import TokenCacheMetricsModule, name the address of the metrics, and let the application have integrations.';
    return [failed('metrics', 'There is no token_cache_misses in the scrape', advice)];
  }
  const workers = workersIn(after);
  const earlier = integrationsIn(before);
  const seconds = (after.at - before.at) / 1_000;
  return [...now]
    .flatMap(([name, metrics]) => [
      checkSharing(name, workers, metrics),
      ...checkMints(name, seconds, earlier.get(name), metrics, after.at),
      checkLife(name, before.at, earlier.get(name), metrics),
    ])
    .concat(checkTroubles(after));
}

/** A worker that was never given a token of another, beside one that has another token, has a cache of its own. */
function checkSharing(name: string, workers: number, { minted, sharedHits, ends }: IntegrationMetrics): Finding {
  const check = `sharing of ${name}`;
  const different = new Set(ends.map((end) => Math.round(end))).size;
  if (workers < 2) return ok(check, 'there is one worker, and nobody to share with');
  if (sharedHits > 0)
    return ok(check, `${workers} workers; ${sharedHits} callers were given a token of another worker`);
  if (different > 1)
    return failed(
      check,
      `${minted} tokens were minted by ${workers} workers, none was given to another, and ${different} different ones are in use`,
      SHARE,
    );
  if (minted < 2) return ok(check, `${minted} tokens were minted so far, too few to tell`);
  return warning(
    check,
    `${minted} tokens were minted, and no worker was given one of another`,
    `Right if a single worker is asked for it. Else: ${SHARE}`,
  );
}

function checkMints(
  name: string,
  seconds: number,
  before: IntegrationMetrics | undefined,
  after: IntegrationMetrics,
  at: number,
): Finding[] {
  if (!before || seconds <= 0) return [];
  const check = `mints of ${name}`;
  const minted = after.minted - before.minted;
  const excused = after.excused - before.excused;
  const outlives = Math.max(0, ...before.ends) * 1_000 > at;
  const told = `${minted} in ${seconds.toFixed(0)} s`;
  const alone = after.mintedAlone - before.mintedAlone;
  if (alone > 0)
    return [
      failed(
        check,
        `${told}, ${alone} of them without the store`,
        'The store does not answer: see token_store_errors_total, and run the doctor with --redis.',
      ),
    ];
  if (outlives && minted > 1 + excused)
    return [
      warning(
        check,
        `${told}, although a token outlives that`,
        'Right for several tenants, scopes or subjects, and after purges. Else workers do not share, or tokens end at once: see safetyMarginMs.',
      ),
    ];
  return [ok(check, `${told}, no more than the bound`)];
}

/** A token that is new at the second look was minted after the first one, so that it lives no longer than from there to its end. */
function checkLife(
  name: string,
  lookedAt: number,
  before: IntegrationMetrics | undefined,
  after: IntegrationMetrics,
): Finding {
  const check = `life of ${name}`;
  const known = new Set(before?.ends);
  const fresh = after.ends.filter((end) => !known.has(end));
  if (!before || after.minted === before.minted || fresh.length === 0)
    return ok(check, 'no new token was seen; --seconds longer than a life shows one');
  const lifeS = Math.max(...fresh) - lookedAt / 1_000;
  if (lifeS >= SHORT_LIFE_S) return ok(check, `a new token lives for up to ${lifeS.toFixed(0)} s`);
  return warning(
    check,
    `A new token lives for ${lifeS.toFixed(0)} s at most, so that a slow refresh may end after it, and callers wait`,
    'Have the provider issue tokens that live longer, or lower mintTimeoutMs and leaseMs: a fifth of a life is to hold both.',
  );
}

const TROUBLES = [
  [
    'token_store_errors_total',
    'calls of the store failed',
    'Run the doctor with --redis, and see the log of the application.',
  ],
  [
    'token_payload_undecryptable_total',
    'stored tokens could not be opened',
    'Give all workers the same encryption.keys.',
  ],
  [
    'token_refresh_failures_total',
    'refreshes failed',
    'See the log of the application for the code; run the doctor with --issuer.',
  ],
  [
    'token_leases_lost_total',
    'leases were lost, each of which may cost a mint',
    'Processes were frozen or ended in a mint, or the store failed over.',
  ],
] as const;

/** Counters that are 0 in calm weather. */
function checkTroubles({ sources }: Scrapes): Finding[] {
  return TROUBLES.map(([metric, what, advice]) => {
    const count = total(sources.flat(), metric);
    return count > 0 ? warning(metric, `${count} ${what} since the start`, advice) : ok(metric, 'none');
  });
}

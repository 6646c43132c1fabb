import { RunningParts } from '@mintonce/test-support';
import { Agent, request } from 'undici';
import { type Comparison, comparisonOf, type Goal, digits, entryOf, within } from '../harness/finding.js';
import { type Bench, type Row } from '../harness/row.js';
import { type Table } from '../harness/table.js';
import { startGatewayWorkers } from '../proxies/gateway-workers.js';
import { startScript } from '../proxies/proxy.js';

const WORKERS = [1, 4, 16];
const MOST_ROUNDS = 15;
/** Of each worker, until its code is compiled. */
const WARM_UPS = 20;
/** What prom-client adds to each lag: the interval of the timer that it watches. */
const WATCHED_MS = 10;
const ONE = '1 worker';

export const scrape: Row = {
  name: 'scrape',
  work: 'A scrape of `/metrics`, which any worker of the gateway under PM2 answers for all of them',
  notes: [
    'One worker has nobody to ask and next to nothing to merge: what more workers take beyond it is the merge. A stall is the longest time in which the event loop of a worker did nothing else, as prom-client sees it in all workers from one scrape to the next.',
  ],
  async run(bench) {
    const { url: upstream } = await startScript(bench, 'upstream');
    const found: { readonly name: string; readonly scrapes: readonly Scrape[] }[] = [];
    for (const workers of WORKERS) {
      const name = `${workers} ${workers === 1 ? 'worker' : 'workers'}`;
      found.push({ name, scrapes: await scrapesOf(bench, workers, upstream) });
    }
    const compare = (title: string, valueOf: (scrape: Scrape) => number): Comparison =>
      comparisonOf(
        { title, unit: 'ms', better: 'lower' },
        found.map(({ name, scrapes }) => ({ name, role: 'ours', samples: scrapes.map(valueOf) })),
      );
    const time = compare('A scrape', ({ ms }) => ms);
    const stall = compare('The longest stall of an event loop', ({ stallMs }) => stallMs);
    const stalls = found.map(({ name }): Goal => stallsAtMost(stall, name, 10));
    // A worker alone may stall for no time at all, of which nothing is a multiple.
    const table: Table = {
      title: stall.title,
      head: ['', 'median', 'three of four within'],
      lines: stall.entries.map(({ name, value }) => [name, `${digits(value.median)} ms`, `${digits(value.high)} ms`]),
    };
    return { comparisons: [time], tables: [table], goals: [within(time, ONE, 5), ...stalls] };
  },
};

interface Scrape {
  readonly ms: number;
  readonly stallMs: number;
}

async function scrapesOf(bench: Bench, workers: number, upstream: string): Promise<Scrape[]> {
  const running = new RunningParts();
  // A new connection for each scrape goes to the next worker.
  const dispatcher = new Agent({ pipelining: 0 });
  running.onStop(() => dispatcher.close());
  try {
    const url = await startGatewayWorkers({ ...bench, running }, workers, upstream);
    const scrapes: Scrape[] = [];
    const warmUps = WARM_UPS * workers;
    for (let round = 0; round < warmUps + Math.min(bench.effort.rounds, MOST_ROUNDS); round++) {
      const scraped = await scrapeOnce(url, dispatcher);
      if (round >= warmUps) scrapes.push(scraped);
    }
    return scrapes;
  } finally {
    await running.stop();
  }
}

async function scrapeOnce(url: string, dispatcher: Agent): Promise<Scrape> {
  const startedAt = performance.now();
  const { body, statusCode } = await request(`${url}/metrics`, { dispatcher });
  const text = await body.text();
  const ms = performance.now() - startedAt;
  if (statusCode !== 200) throw new Error(`/metrics answered ${statusCode}`);
  const lags = [...text.matchAll(/^nodejs_eventloop_lag_max_seconds(?:\{[^}]*\})? (\S+)$/gm)].map(([, lag]) =>
    Number(lag),
  );
  return { ms, stallMs: Math.max(0, Math.max(...lags) * 1_000 - WATCHED_MS) };
}

/** That three quarters of the rounds stay within it. */
function stallsAtMost(stall: Comparison, name: string, ms: number): Goal {
  const { high } = entryOf(stall, name).value;
  return {
    goal: `${name}: no stall of an event loop above ${ms} ms in three of four scrapes`,
    measured: `${digits(high)} ms`,
    isMet: high <= ms,
  };
}

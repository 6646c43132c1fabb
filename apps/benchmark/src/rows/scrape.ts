import { RunningParts } from '@mintonce/test-support';
import { Agent, request } from 'undici';
import { type Comparison, comparisonOf, type Goal, digits, entryOf, within } from '../harness/finding.js';
import { type Bench, type Row } from '../harness/row.js';
import { type Table } from '../harness/table.js';
import { startGatewayWorkers } from '../proxies/gateway-workers.js';
import { startScript } from '../proxies/proxy.js';

const WORKERS = [1, 4, 16];
const MOST_ROUNDS = 15;
/** Until the code of a scrape is compiled: the first ones take up to four times the processor time of the later ones. */
const WARM_UPS = 100;
/** Any worker may answer. */
const WARM_UPS_OF_EACH = 20;
/** What prom-client adds to each lag: the interval of the timer that it watches. */
const WATCHED_MS = 10;
const ONE = '1 worker';

export const scrape: Row = {
  name: 'scrape',
  work: 'A scrape of `/metrics`, which any worker of the gateway under PM2 answers for all of them',
  notes: [
    'One worker has nobody to ask and next to nothing to merge: what more workers take beyond it is the merge. A stall is the longest time in which the event loop of a worker did nothing else, as prom-client sees it in all workers from one scrape to the next.',
  ],
  limit: [
    'The work of a scrape stops the goal: it takes more than 5 ms of processor time, on a busy machine. A scrape of 171 series takes 5.6 ms once its code is compiled, 9 ms after twenty scrapes, and each of the first ten 21 ms.',
    'Of the 5.6 ms, an answer without work on a connection of its own (`/health/live`) takes 1.1 ms.',
    'The parts of a scrape, measured apart: 0.9 ms to save what was counted, which must be on disk before a scrape tells it; 0.6 ms the metrics of the process by prom-client, half of them its histogram of the event loop; 0.4 ms four listings of the folder of snapshots, which show that no worker ended meanwhile and is counted twice; 0.4 ms the merge; 0.3 ms the text; 0.1 ms the JSON of the snapshot.',
    'The remaining 1.8 ms were not measured apart; in the profile the garbage collector has 9 % and the write of the answer 10 % of the time in which the process works.',
    'By the clock, the eight operations on files come on top, one after another: each waits for a thread, and then for the event loop. So does the connection, which the daemon of PM2 takes and hands to a worker: under PM2, `/health/live` took a quarter of the time of a scrape.',
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
    const warmUps = Math.max(WARM_UPS, WARM_UPS_OF_EACH * workers);
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

import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, type Pm2, startNode, startPm2, temporaryDirectory, waitFor } from '@mintonce/test-support';
import { Client, cumulative, type Scrape, type WorkerStatus } from '../test/client.js';
import { during } from '../test/during.js';

const SCRIPT = join(__dirname, '../test/app.mjs');
const directory = temporaryDirectory();
const home = join(directory.path, `cluster-metrics-${process.getuid!()}`);
const environment = (port: number) => ({ METRICS_DIRECTORY: directory.path, PORT: String(port) });

afterAll(() => directory.remove());

beforeAll(() => {
  if (!existsSync(join(__dirname, '../dist/index.js'))) {
    throw new Error('dist/index.js is missing, which the application under test imports: run nx build cluster-metrics');
  }
});

const allUp = (workers: WorkerStatus[]) => workers.length === 3 && workers.every(({ up }) => up);
async function workersUp(client: Client): Promise<WorkerStatus[]> {
  const up = async () => {
    const workers = await client.workers();
    return allUp(workers) && workers;
  };
  return waitFor(up);
}

/** A file that describes an application for PM2. */
function ecosystem(name: string, instances: number, port: number): string {
  const ready = { wait_ready: true, listen_timeout: 60_000, kill_timeout: 10_000 };
  const app = { name, script: SCRIPT, exec_mode: 'cluster', instances, ...ready, env: environment(port) };
  const file = join(directory.path, `${name}.json`);
  writeFileSync(file, JSON.stringify({ apps: [app] }));
  return file;
}

const hitsIn = ({ series }: Scrape) => series.get('hits')!;

describe('ClusterMetricsModule in three workers under PM2', () => {
  let pm2: Pm2;
  let client: Client;
  /** The highest value of each series in all scrapes so far. */
  const told = new Map<string, number>();
  const requests = { sent: 0, answered: 0 };

  beforeAll(async () => {
    const port = await freePort();
    client = new Client(port);
    pm2 = await startPm2({ ecosystem: ecosystem('shop', 3, port) });
  });
  afterAll(() => pm2?.stop());

  const hit = async () => {
    requests.sent++;
    await client.hit().then(
      () => requests.answered++,
      () => undefined,
    );
  };

  /** Scrapes, and checks that no series is below its value in an earlier scrape of any worker. */
  async function scrape(): Promise<Scrape> {
    const result = await waitFor(() => client.scrape());
    const now = cumulative(result);
    const goneBack = [...told].filter(([series, before]) => !((now.get(series) ?? -1) >= before));
    expect(goneBack.map(([series, before]) => ({ series, before, now: now.get(series) }))).toEqual([]);
    now.forEach((value, series) => told.set(series, value));
    return result;
  }

  /** The total that scrapes converge to: a scrape reports the last snapshot of a worker that is too busy to answer. */
  async function allHits(): Promise<number> {
    for (let scrapesLeft = 100; ; scrapesLeft--) {
      const hits = hitsIn(await scrape());
      if (hits >= requests.answered || scrapesLeft === 0) return hits;
      await delay(100);
    }
  }

  it('reports the same totals whichever worker is scraped', async () => {
    for (let i = 0; i < 60; i++) {
      await hit();
    }
    expect(requests).toEqual({ sent: 60, answered: 60 });
    const answers = new Map<number, Scrape>();
    while (answers.size < 3) {
      const answer = await scrape();
      answers.set(answer.pid, answer);
    }
    for (const { series } of answers.values()) {
      expect(series.get('hits')).toBe(60);
      const observed = [...series].filter(([name]) => name.startsWith('work_seconds_count'));
      expect(observed.reduce((sum, [, count]) => sum + count, 0)).toBe(60);
      expect([0, 1, 2].map((slot) => series.get(`cluster_worker_up{worker="${slot}"}`))).toEqual([1, 1, 1]);
      expect([0, 1, 2].map((slot) => series.has(`process_resident_memory_bytes{worker="${slot}"}`))).toEqual([
        true,
        true,
        true,
      ]);
    }
  });

  it('neither loses nor doubles a count, and lets no series fall, in a reload under load', async () => {
    const before = await client.workers();
    const reload = () => pm2.run('reload', 'shop');
    await during(reload, hit, hit, scrape);
    const after = await workersUp(client);

    const pids = (workers: WorkerStatus[]) => workers.map(({ pid }) => pid);
    expect(pids(after).filter((pid) => pids(before).includes(pid))).toEqual([]);
    const total = await allHits();
    expect(total).toBeGreaterThanOrEqual(requests.answered);
    expect(total).toBeLessThanOrEqual(requests.sent);
  });

  it('lets no series fall when workers are killed with SIGKILL under load', async () => {
    const kills = async () => {
      for (const slot of [0, 1, 2, 0]) {
        const victim = (await workersUp(client))[slot]!;
        const before = told.get('hits')!;
        await waitFor(() => told.get('hits')! > before);
        process.kill(victim.pid, 'SIGKILL');
        await waitFor(async () => (await workersUp(client)).every(({ pid }) => pid !== victim.pid));
      }
    };
    await during(kills, hit, hit, scrape);
    expect(hitsIn(await scrape())).toBeLessThanOrEqual(requests.sent);
  });

  it('merges the snapshots of killed workers into one file', async () => {
    const [folder] = readdirSync(home) as [string];
    const files = () => readdirSync(join(home, folder));
    const kept = (kind: RegExp) => files().filter((file) => kind.test(file));
    await waitFor(() => scrape().then(() => kept(/^\d.*json$/).length === 3));
    expect(kept(/^total-\d+\.json$/)).toHaveLength(1);
    expect(kept(/\.sock$/)).toHaveLength(3);
  });

  it('answers a scrape while a worker is stopped, with the counters that it last saved', async () => {
    const [stopped] = (await workersUp(client)) as [WorkerStatus];
    const before = hitsIn(await scrape());
    process.kill(stopped.pid, 'SIGSTOP');
    try {
      const { series } = await scrape();
      expect(series.get('cluster_worker_up{worker="0"}')).toBe(0);
      expect(series.has('process_resident_memory_bytes{worker="0"}')).toBe(false);
      expect(series.get('hits')).toBe(before);
    } finally {
      process.kill(stopped.pid, 'SIGCONT');
    }
    await workersUp(client);
  });

  it('keeps two applications under one PM2 daemon apart', async () => {
    const port = await freePort();
    const mail = new Client(port);
    await pm2.run('start', ecosystem('mail', 1, port));
    await mail.hit();
    expect(hitsIn(await mail.scrape())).toBe(1);
    expect(await mail.workers()).toHaveLength(1);
    expect(await client.workers()).toHaveLength(3);
  });
});

describe('ClusterMetricsModule without PM2', () => {
  it('serves one worker, and removes its files on SIGTERM', async () => {
    const port = await freePort();
    const client = new Client(port);
    const app = await startNode(SCRIPT, { env: environment(port) });
    try {
      await waitFor(async () => (await client.workers())[0]?.pid === app.pid);
      await client.hit();
      const { series } = await client.scrape();
      expect(series.get('hits')).toBe(1);
      expect(series.get('cluster_worker_up{worker="0"}')).toBe(1);

      const folders = () => readdirSync(home).filter((folder) => folder.startsWith(`${app.pid}.`));
      expect(folders()).toHaveLength(1);
      await expect(app.stop()).resolves.toEqual({ code: 0, signal: null });
      expect(folders()).toEqual([]);
    } finally {
      await app.kill();
    }
  });
});

import { recordEvidence, waitFor } from '@mintonce/test-support';
import { type Fleet, startFleet, WORKERS } from './fleet.js';
import { burst, get, statuses, steadyLoad } from './load.js';
import { type Sample, scrape, total } from './metrics.js';
import { ownerOf } from './owner-of.js';

const LEASE_MS = 3_000;
const LOST_CONNECTION = /^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/;

describe.each(['redis', 'sqlite'] as const)('The gateway under PM2 with four workers on %s', (store) => {
  let fleet: Fleet;
  let echo: string;

  beforeAll(async () => {
    fleet = await startFleet({ store, policy: { leaseMs: LEASE_MS } });
    echo = `${fleet.url}/proxy/demo/echo`;
  });

  afterAll(() => fleet?.stop());

  /** Removes tokens, cool-downs and faults. */
  async function startAnew(): Promise<void> {
    await fleet.idp.reset();
    await purge();
  }

  async function purge(): Promise<void> {
    const { status } = await fetch(`${fleet.url}/api/integrations/demo/purge`, { method: 'POST' });
    expect(status).toBe(204);
  }

  const workers = async (): Promise<number[]> => (await fleet.pm2.list()).map(({ pid }) => pid);

  it('mints one token for a thousand concurrent callers of all workers', async () => {
    // PM2 goes on without a worker that is not ready in time, which is then given none of these callers.
    await waitFor(async () => total(await scrape(fleet.url), 'cluster_worker_up') === WORKERS);
    const answers = await burst(echo, 1_000);

    expect(statuses(answers)).toEqual({ 200: 1_000 });
    expect(new Set(answers.map(({ body }) => body.credential?.digest)).size).toBe(1);
    expect(answers.every(({ body }) => body.credential?.active)).toBe(true);
    expect(await fleet.idp.stats()).toMatchObject({ tokenCalls: 1, minted: 1 });

    for (let scrapes = 0; scrapes < 2 * WORKERS; scrapes++) {
      const samples = await scrape(fleet.url);
      expect(total(samples, 'token_mint_count')).toBe(1);
      expect(total(samples, 'token_cache_misses')).toBe(1);
      expect(total(samples, 'token_cache_hits')).toBe(999);
      expect(workersThatServed(samples)).toBe(WORKERS);
    }
    recordEvidence({
      promises: [2],
      fault: `a thousand callers at once, cold, on ${store}`,
      mints: 1,
      bound: 1,
      errors: {},
    });
  });

  it('takes over the mint of a worker that is killed during it', async () => {
    await startAnew();
    await fleet.idp.configure({ delayMs: 60_000 });
    void get(echo).catch(() => undefined);
    const mint = await waitFor(async () => (await fleet.idp.stats()).calls[0], { description: 'a mint in flight' });
    const minting = ownerOf(Number(mint.callerPort), await workers());
    expect(minting).toBeDefined();
    await fleet.idp.configure({ delayMs: 0 });

    const waiting = Array.from({ length: 10 * WORKERS }, () => get(echo));
    // With nobody on the way to a worker: what is handed to one at the moment of its kill may never be answered.
    await waitFor(async () => (await inflight()) === 1 + waiting.length, { description: 'all callers to wait' });
    process.kill(minting as number, 'SIGKILL');
    const results = await Promise.allSettled(waiting);
    const answered = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));

    expect(answered.length).toBeGreaterThan(0);
    expect(statuses(answered)).toEqual({ 200: answered.length });
    // Only the callers of the killed worker fail: their connections are gone.
    for (const error of failed) expect(error).toMatchObject({ code: expect.stringMatching(LOST_CONNECTION) as string });
    expect((await fleet.idp.stats()).tokenCalls).toBe(2);
    await waitFor(async () => (await fleet.pm2.list()).every(({ pm2_env }) => pm2_env.status === 'online'));
    recordEvidence({
      promises: [4],
      fault: `SIGKILL of the worker that mints, on ${store}`,
      mints: 2,
      bound: 2,
      seen: 'all callers of the other workers served',
    });
  });

  async function inflight(): Promise<number> {
    return total(await scrape(fleet.url), 'gateway_inflight_requests');
  }

  // What follows asks for more of the gateway than of its store, whose own differences the suites of the library and of chaos show.
  if (store !== 'redis') return;

  it('mints one token per lifetime and fails no request under steady load', async () => {
    await startAnew();
    await fleet.idp.configure({ tokenLifetimeMs: 6_000 });
    const before = await fleet.upstream.stats();
    const load = steadyLoad(echo);
    const seen = (): Set<unknown> => new Set(load.answers.map(({ body }) => body.credential?.digest));
    await waitFor(() => seen().size > 2, { description: 'two lifetimes to pass' });
    await load.stop();

    expect(load.errors).toEqual([]);
    expect(statuses(load.answers)).toEqual({ 200: load.answers.length });
    expect(load.answers.every(({ body }) => body.credential?.active)).toBe(true);
    expect((await fleet.idp.stats()).minted).toBe(seen().size);
    expect((await fleet.upstream.stats()).expiredSeen).toBe(before.expiredSeen);
    recordEvidence({
      promises: [2, 3],
      fault: 'steady load over several lifetimes, on redis',
      mints: seen().size,
      bound: seen().size,
      errors: {},
      seen: `${load.answers.length} requests, none with an expired token`,
    });
  });

  it('replaces a revoked token once and serves every caller', async () => {
    await startAnew();
    expect(statuses(await burst(echo, 50))).toEqual({ 200: 50 });
    await fleet.idp.revokeAll();
    const before = await fleet.idp.stats();

    const answers = await burst(echo, 200);
    expect(statuses(answers)).toEqual({ 200: 200 });
    expect(answers.every(({ body }) => body.credential?.active)).toBe(true);
    expect((await fleet.idp.stats()).tokenCalls).toBe(before.tokenCalls + 1);
    recordEvidence({
      promises: [2, 3],
      fault: 'the token is revoked, 200 requests get 401, on redis',
      mints: 2,
      bound: 2,
      errors: {},
    });
  });

  it('calls a failing identity provider once per cool-down, reports that to callers, and recovers by itself', async () => {
    await startAnew();
    const retryAfterS = 1;
    await fleet.idp.configure({ failWith: { status: 503, retryAfterS } });
    const load = steadyLoad(echo);
    await waitFor(async () => (await fleet.idp.stats()).tokenCalls >= 4);
    await load.stop();

    expect(load.errors).toEqual([]);
    expect(statuses(load.answers)).toEqual({ 503: load.answers.length });
    for (const { headers, body } of load.answers) {
      expect(headers['content-type']).toMatch('application/problem+json');
      expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
      expect(body.code).toBe('TOKEN_SOURCE_UNAVAILABLE');
    }
    const { calls, overlapping } = await fleet.idp.stats();
    expect(overlapping).toBe(1);
    const gaps = calls.slice(1).map(({ startedAt }, index) => startedAt - (calls[index]?.endedAt ?? 0));
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(retryAfterS * 1_000 - 50);

    await fleet.idp.configure({ failWith: null });
    await waitFor(async () => (await get(echo)).status === 200, { description: 'recovery' });
    recordEvidence({
      promises: [5],
      fault: `the provider answers 503, Retry-After ${retryAfterS} s, on redis`,
      errors: { TOKEN_SOURCE_UNAVAILABLE: load.answers.length },
      seen: `${calls.length} calls, none sooner than ${Math.floor(Math.min(...gaps))} ms after the one before`,
    });
  });

  // `doors.e2e-spec` does the same on SQLite.
  it('reloads without a failed request and mints one token', async () => {
    await startAnew();
    const before = await workers();
    const load = steadyLoad(echo);
    await waitFor(() => load.answers.length > 100);
    await fleet.pm2.run('reload', 'gateway');
    const after = load.answers.length;
    await waitFor(() => load.answers.length > after + 100);
    await load.stop();

    expect(load.errors).toEqual([]);
    expect(statuses(load.answers)).toEqual({ 200: load.answers.length });
    expect((await workers()).filter((pid) => before.includes(pid))).toEqual([]);
    expect((await fleet.idp.stats()).minted).toBe(1);
    recordEvidence({
      promises: [2],
      fault: 'pm2 reload under load, on redis',
      mints: 1,
      bound: 1,
      errors: {},
      seen: `${load.answers.length} requests`,
    });
  });

  it('fails no request and mints at most one token per worker while Redis is stopped and started again', async () => {
    await startAnew();
    expect(statuses(await burst(echo, 100))).toEqual({ 200: 100 });
    const load = steadyLoad(echo);
    const more = (count: number): Promise<unknown> => {
      const from = load.answers.length;
      return waitFor(() => load.answers.length > from + count);
    };
    await more(100);
    await fleet.redis?.kill();
    await more(300);
    await fleet.redis?.restart();
    await more(300);
    await waitFor(async () => (await readiness()) === 'ok', { description: 'the store to be back' });
    await load.stop();

    expect(load.errors).toEqual([]);
    expect(statuses(load.answers)).toEqual({ 200: load.answers.length });
    expect((await fleet.idp.stats()).minted).toBeLessThanOrEqual(1 + WORKERS);
    recordEvidence({
      promises: [6],
      fault: 'Redis is killed, and comes back empty, under load',
      mints: (await fleet.idp.stats()).minted,
      bound: 1 + WORKERS,
      errors: {},
      seen: `${load.answers.length} requests`,
    });
  });

  async function readiness(): Promise<unknown> {
    return (await get(`${fleet.url}/health/ready`)).body['status'];
  }
});

describe('The gateway with two workers on the memory store, which they do not share,', () => {
  let fleet: Fleet;
  beforeAll(async () => (fleet = await startFleet({ store: 'memory', workers: 2 })));
  afterAll(() => fleet?.stop());

  it('mints one token per worker and logs the reason', async () => {
    expect(statuses(await burst(`${fleet.url}/proxy/demo/echo`, 200))).toEqual({ 200: 200 });
    expect(await fleet.idp.stats()).toMatchObject({ minted: 2 });
    expect(await fleet.pm2.logs()).toContain('MemoryTokenStore is not shared');
    recordEvidence({
      promises: [],
      fault: 'the story itself: a cache that is not shared',
      mints: 2,
      errors: {},
      seen: 'one mint per worker, and a warning that says why',
    });
  });
});

function workersThatServed(samples: readonly Sample[]): number {
  const served = samples.filter(({ name, value }) => name === 'gateway_requests_total' && value > 0);
  return new Set(served.map(({ labels }) => labels['worker'])).size;
}

import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RedisServer, RunningParts, startCluster, startNode, startRedis } from '@mintonce/test-support';
import { Redis } from 'ioredis';
import { DEFAULT_POLICY } from '../core/config/policy.js';
import { SHORT_LIFE_S } from './doctor/check-fleet.js';
import { type Finding } from './doctor/finding.js';

/** The built program. */
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const WORKER = join(__dirname, 'test', 'worker.mjs');

interface Told {
  readonly code: number | null;
  readonly output: string;
  readonly findings: readonly Finding[];
}

describe('mintonce doctor', () => {
  const running = new RunningParts();
  let redis: RedisServer;
  let admin: Redis;

  beforeAll(async () => {
    redis = running.add(await startRedis());
    admin = new Redis(redis.socketPath);
    running.onStop(() => admin.disconnect());
  });
  afterAll(() => running.stop());

  async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Told> {
    const node = await startNode(MAIN, { args: ['doctor', '--json', '--seconds', '0', ...args], env });
    const { code } = await node.exited;
    const output = node.output();
    const { findings = [] } = (output.startsWith('{') ? JSON.parse(output) : {}) as { findings?: Finding[] };
    return { code, output, findings };
  }
  const about = ({ findings }: Told, check: string) => findings.find((finding) => finding.check === check);

  /** A server that answers everything with that. */
  async function serve(body: () => string): Promise<string> {
    const server = createServer((_request, response) => response.end(body())).listen(0, '127.0.0.1');
    running.onStop(() => server.close());
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function worker(where: string): Promise<string> {
    const node = running.add(await startNode(WORKER, { args: [where], readyWhen: /metrics at/ }));
    return /http:\S+/.exec(node.output())![0];
  }

  it('tells workers that have a cache each from those that share one', async () => {
    const alone = ['--metrics', await worker('memory'), '--metrics', await worker('memory')];
    const together = ['--metrics', await worker(redis.socketPath), '--metrics', await worker(redis.socketPath)];

    const apart = await run(alone);
    expect(apart.code).toBe(1);
    expect(about(apart, 'sharing of billing')).toMatchObject({
      level: 'failed',
      detail: expect.stringContaining('2 tokens were minted by 2 workers, none was given to another'),
      advice: expect.stringContaining('RedisTokenStore'),
    });
    const shared = await run(together);
    expect(shared.code).toBe(0);
    expect(about(shared, 'sharing of billing')).toMatchObject({ level: 'ok' });
  });

  it('says what a scrape without token metrics lacks, and that an address does not answer', async () => {
    const empty = await run(['--metrics', await serve(() => 'up 1\n')]);
    expect([empty.code, about(empty, 'metrics')?.advice]).toEqual([
      1,
      expect.stringContaining('TokenCacheMetricsModule'),
    ]);
    const gone = await run(['--metrics', 'http://127.0.0.1:1/metrics']);
    expect([gone.code, about(gone, 'metrics')?.level]).toEqual([1, 'failed']);
  });

  it.each([
    [SHORT_LIFE_S - 5, 'warning'],
    [3_600, 'ok'],
  ])('holds the life of %d s that a new token has to the time that a refresh may take: %s', async (lifeS, level) => {
    let looks = 0;
    const metrics = await serve(() => {
      looks++;
      const end = Date.now() / 1_000 + lifeS;
      return `token_cache_misses{integration="billing"} 1
token_mint_count{integration="billing",outcome="stored",reason="miss"} ${looks}
token_expiry_timestamp_seconds{integration="billing"} ${end}
`;
    });
    expect(about(await run(['--metrics', metrics]), 'life of billing')).toMatchObject({ level });
  });

  it('takes a life for short in which a refresh that takes all its time does not fit into the last fifth', () => {
    const { mintTimeoutMs, leaseMs } = DEFAULT_POLICY;
    expect(SHORT_LIFE_S).toBe((5 * (mintTimeoutMs + leaseMs)) / 1_000);
  });

  it('says that a cluster gives up all keys for one shard, and that slots are not served', async () => {
    const cluster = running.add(await startCluster({ masters: 3, replicas: 0 }));
    const url = `redis://127.0.0.1:${cluster.ports[0]}`;
    const whole = await run(['--redis', url]);
    expect(about(whole, 'redis cluster')).toMatchObject({ level: 'ok' });
    expect(about(whole, 'redis cluster coverage')).toMatchObject({
      level: 'warning',
      advice: 'Set cluster-require-full-coverage no.',
    });
    const node = new Redis(url, { lazyConnect: true });
    await node.config('SET', 'cluster-require-full-coverage', 'no');
    const [slot] = ((await node.call('CLUSTER', 'SLOTS')) as [number][]).map(([first]) => first);
    await node.call('CLUSTER', 'DELSLOTS', String(slot));
    node.disconnect();
    const broken = await run(['--redis', url]);
    expect(broken.code).toBe(1);
    expect(about(broken, 'redis cluster')).toMatchObject({
      level: 'failed',
      detail: expect.stringContaining('16383 of'),
    });
    expect(about(broken, 'redis cluster coverage')).toMatchObject({ level: 'ok' });
  });

  it('finds a Redis that keeps tokens well, and leaves nothing in it', async () => {
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    const before = await admin.dbsize();
    const told = await run(['--redis', redis.socketPath]);
    expect({ code: told.code, bad: told.findings.filter(({ level }) => level === 'failed') }).toEqual({
      code: 0,
      bad: [],
    });
    expect(about(told, 'redis eviction')).toMatchObject({ level: 'ok', detail: 'noeviction' });
    expect(about(told, 'redis rights')?.level).toBe('ok');
    expect(await admin.dbsize()).toBe(before);
  });

  it('fails a Redis that evicts tokens', async () => {
    await admin.config('SET', 'maxmemory', '100mb');
    await admin.config('SET', 'maxmemory-policy', 'volatile-ttl');
    const told = await run(['--redis', redis.socketPath]);
    await admin.config('SET', 'maxmemory', '0');
    expect([told.code, about(told, 'redis eviction')?.level]).toEqual([1, 'failed']);
    expect(about(told, 'redis eviction')?.advice).toContain('noeviction');
  });

  it('names the rights that a user lacks, and prints no password', async () => {
    await admin.acl('SETUSER', 'shop', 'on', '>s3cret', '~mintonce:*', '&mintonce:events', '+get', '+ping', '+info');
    const told = await run(['--redis='], { REDIS_URL: `redis://shop:s3cret@127.0.0.1:${redis.port}` });
    expect(about(told, 'redis rights')).toMatchObject({ level: 'failed', detail: expect.stringContaining('+hset') });
    expect(about(told, 'redis rights')?.detail).not.toMatch(/\+get\b|\+ping/);
    const wrong = await run(['--redis='], { REDIS_URL: `redis://shop:wr0ng@127.0.0.1:${redis.port}` });
    expect([wrong.code, about(wrong, 'redis')?.level]).toEqual([1, 'failed']);
    expect(told.output + wrong.output).not.toMatch(/s3cret|wr0ng/);
  });

  it('reads the metadata of a provider, and holds them to its name', async () => {
    const metadata = { issuer: 'https://idp.example', token_endpoint: 'https://idp.example/token' };
    const issuer = await serve(() => JSON.stringify(metadata));
    const told = await run(['--issuer', issuer]);
    expect(told.code).toBe(1);
    expect(told.findings[0]).toMatchObject({ level: 'failed', detail: 'Its metadata name https://idp.example' });
    metadata.issuer = issuer;
    expect((await run(['--issuer', issuer])).findings.map(({ level }) => level)).toEqual(['ok', 'ok']);
  });

  it.each([
    [[], 'Name something to look at'],
    [['--metrics', 'localhost'], 'An address must be a URL'],
    [['--seconds', 'x', '--issuer', 'https://idp.example'], '--seconds must be a number'],
    [['--what'], "Unknown option '--what'"],
  ])('exits with 2 and the usage for %j', async (args, message) => {
    const told = await run(args);
    expect(told.code).toBe(2);
    expect(told.output).toContain(message);
    expect(told.output).toContain('mintonce doctor [options]');
  });
});

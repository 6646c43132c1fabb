import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import {
  freePort,
  redisServerBin,
  type RedisServer,
  startRedis,
  type TemporaryDirectory,
  temporaryDirectory,
  waitFor,
} from '@mintonce/test-support';
import { Redis } from 'ioredis';

import { RedisTokenStore } from './redis-token-store.js';

const GROUP = 'tokens';
/** A master waits for 5 s otherwise, in case more replicas come. */
const PROMPT = ['--repl-diskless-sync-delay', '0'];

describe('RedisTokenStore behind Sentinel', () => {
  const redis: RedisServer[] = [];
  let sentinel: ChildProcess | undefined;
  let directory: TemporaryDirectory;
  let client: Redis;
  let watcher: Redis;

  beforeAll(async () => {
    const master = await startRedis({ args: PROMPT });
    redis.push(master);
    redis.push(await startRedis({ args: [...PROMPT, '--replicaof', '127.0.0.1', String(master.port)] }));
    directory = temporaryDirectory();
    const port = await freePort();
    sentinel = await startSentinel(join(directory.path, 'sentinel.conf'), port, master.port);
    watcher = new Redis(port);
    // How soon it learns of a replica, and how soon it demotes a master that is still alive: after 10 s and 8 s otherwise.
    await watcher.call('SENTINEL', 'DEBUG', 'info-period', '200', 'publish-period', '200');
    client = new Redis({ sentinels: [{ host: '127.0.0.1', port }], name: GROUP, sentinelRetryStrategy: () => 50 });
    client.on('error', () => {});
    await waitFor(async () =>
      String(await watcher.call('SENTINEL', 'REPLICAS', GROUP)).includes('master-link-status,ok'),
    );
  }, 30_000);

  afterAll(async () => {
    client?.disconnect();
    watcher?.disconnect();
    if (sentinel?.kill('SIGKILL')) await once(sentinel, 'exit');
    await Promise.all(redis.map((server) => server.stop()));
    directory?.remove();
  });

  it('keeps its tokens and its events through a failover', async () => {
    const store = new RedisTokenStore(client);
    const told: string[] = [];
    store.events.subscribe({
      event: ({ keyId }) => told.push(keyId),
      up: () => told.push('up'),
      down: () => told.push('down'),
    });
    try {
      await waitFor(() => told.length === 1);
      const answer = await store.acquire('key', { nonce: randomUUID(), leaseMs: 60_000, needMs: 0 });
      if (answer.outcome !== 'lease') throw new Error(answer.outcome);
      await store.commit('key', answer.lease, 'payload', 60_000);
      expect(await client.wait(1, 5_000)).toBe(1);

      const before = await master();
      await waitFor(async () => (await watcher.call('SENTINEL', 'FAILOVER', GROUP)) === 'OK');
      await waitFor(async () => (await master()) !== before, { timeoutMs: 20_000 });
      await waitFor(() => told.at(-1) === 'up' && told.length >= 3, { timeoutMs: 20_000 });

      await waitFor(async () => (await store.peek('key')).token?.payload === 'payload');
      await waitFor(async () => {
        await store.purge('another key');
        return told.includes('another key');
      });
    } finally {
      await store.close();
    }
  }, 60_000);

  const master = async () => String(await watcher.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', GROUP));
});

/** A sentinel rewrites its configuration, hence the file. */
async function startSentinel(file: string, port: number, masterPort: number): Promise<ChildProcess> {
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `sentinel monitor ${GROUP} 127.0.0.1 ${masterPort} 1`,
    `sentinel down-after-milliseconds ${GROUP} 2000`,
    `sentinel failover-timeout ${GROUP} 5000`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  return spawn(redisServerBin() ?? 'redis-server', [file, '--sentinel'], { stdio: 'ignore' });
}

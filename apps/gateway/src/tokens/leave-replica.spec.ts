import { Redis } from 'ioredis';
import { type FaultProxy, faultProxy, type RedisServer, startRedis, waitFor } from '@mintonce/test-support';
import { redisFromUrl } from '../config/redis/redis-config.js';
import { whenConnected } from './redis-client.js';
import { redisClient } from './redis-options.js';

describe("the gateway's Redis client, at an address whose master was replaced", () => {
  let old: RedisServer;
  let next: RedisServer;
  let proxy: FaultProxy;
  let client: Redis;
  const target = { port: 0 };

  beforeEach(async () => {
    [old, next] = await Promise.all([startRedis(), startRedis()]);
    target.port = old.port;
    proxy = await faultProxy({ target });
    const { url = '', onClientCreated, ...options } = redisClient(redisFromUrl(`redis://127.0.0.1:${proxy.port}`));
    client = await whenConnected(new Redis(url, options));
    onClientCreated?.(client);
  });

  afterEach(async () => {
    client.disconnect();
    proxy.stop();
    await Promise.all([old.stop(), next.stop()]);
  });

  /** The address leads to the new master; connections that are open stay with the old one, which is a replica now. */
  async function failOver(): Promise<void> {
    const admin = new Redis(old.socketPath);
    await admin.replicaof('127.0.0.1', next.port);
    admin.disconnect();
    target.port = next.port;
  }

  it('leaves the replica that the old master became as soon as a write is refused', async () => {
    await failOver();
    await waitFor(() => client.set('a', '1'));
    expect(await client.role()).toEqual(['master', expect.anything(), expect.anything()]);
  });

  it('leaves it for a script that may not write, too', async () => {
    await failOver();
    await waitFor(() => client.eval("return redis.call('SET', KEYS[1], '1')", 1, 'a'));
    expect(await client.role()).toEqual(['master', expect.anything(), expect.anything()]);
  });

  it('connects no more than once a second while the address leads to a replica', async () => {
    const admin = new Redis(old.socketPath);
    await admin.replicaof('127.0.0.1', next.port);
    const connections = async () => Number(/total_connections_received:(\d+)/.exec(await admin.info('stats'))?.[1]);
    const before = await connections();
    const startedAt = performance.now();
    await waitFor(async () => {
      await client.set('a', '1').catch(() => undefined);
      return (await connections()) - before >= 2;
    });
    const elapsedMs = performance.now() - startedAt;
    admin.disconnect();
    expect(elapsedMs).toBeGreaterThan(990);
  });
});

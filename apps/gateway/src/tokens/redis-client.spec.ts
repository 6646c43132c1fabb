import { Redis } from 'ioredis';
import { type FaultProxy, faultProxy, type RedisServer, startRedis, waitFor } from '@mintonce/test-support';
import { redisFromUrl } from '../config/redis/redis-config.js';
import { whenConnected } from './redis-client.js';
import { redisClient } from './redis-options.js';

describe("the gateway's Redis client", () => {
  let redis: RedisServer;
  let proxy: FaultProxy;
  let client: Redis;

  beforeAll(async () => {
    redis = await startRedis();
    proxy = await faultProxy({ target: redis });
  });

  beforeEach(async () => {
    const { url = '', onClientCreated, ...options } = redisClient(redisFromUrl(`redis://127.0.0.1:${proxy.port}`));
    client = await whenConnected(new Redis(url, options));
    onClientCreated?.(client);
  });

  afterEach(() => client.disconnect());

  afterAll(async () => {
    proxy.stop();
    await redis.stop();
  });

  it('gives up a connection whose other end is gone without a word, and makes a new one', async () => {
    await expect(client.ping()).resolves.toBe('PONG');
    proxy.halfOpen();
    await expect(waitFor(() => client.ping())).resolves.toBe('PONG');
  });

  it('keeps the connection that took the place of one that was reset in the middle of a command', async () => {
    proxy.suffer({ kind: 'stall' });
    const unanswered = client.ping().catch(() => undefined);
    proxy.cut();
    const resetAt = performance.now();
    await proxy.heal();
    await waitFor(() => client.ping());
    await unanswered;
    let losses = 0;
    client.on('close', () => losses++);
    // Longer than any time limit of the connection that is gone.
    await waitFor(async () => (await client.ping()) && performance.now() > resetAt + 5_000);
    expect(losses).toBe(0);
  });
});

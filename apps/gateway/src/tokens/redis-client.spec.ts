import { Redis } from 'ioredis';
import { type FaultProxy, faultProxy, type RedisServer, startRedis, waitFor } from '@mintonce/test-support';
import { redisFromUrl } from '../config/redis/redis-config.js';
import { whenConnected } from './redis-client.js';
import { redisClient } from './redis-options.js';

/** Keeps the event loop from doing anything else, as a long computation does. */
function block(): void {
  for (const until = performance.now() + 3_000; performance.now() < until;);
}

describe("the gateway's Redis client", () => {
  let redis: RedisServer;
  let proxy: FaultProxy;
  let client: Redis;

  beforeAll(async () => {
    redis = await startRedis();
    proxy = await faultProxy({ target: redis });
  });

  beforeEach(async () => {
    client = await connect(`redis://127.0.0.1:${proxy.port}`);
  });

  afterEach(() => client.disconnect());

  afterAll(async () => {
    proxy.stop();
    await redis.stop();
  });

  async function connect(to: string): Promise<Redis> {
    const { url, path, onClientCreated, ...options } = redisClient(redisFromUrl(to));
    const connected = await whenConnected(new Redis(url ?? path ?? '', options));
    onClientCreated?.(connected);
    return connected;
  }

  it('gives up a connection whose other end is gone without a word, and makes a new one', async () => {
    await expect(client.ping()).resolves.toBe('PONG');
    proxy.halfOpen();
    await expect(waitFor(() => client.ping())).resolves.toBe('PONG');
  });

  it('keeps its connection, and the answers that arrive on it, when the event loop is blocked for 3 s after it asked', async () => {
    client.disconnect();
    // The proxy would be blocked as well.
    client = await connect(redis.socketPath);
    let losses = 0;
    client.on('close', () => losses++);
    const asked = new Promise<string>((resolve) => {
      const send = client.sendCommand.bind(client);
      client.sendCommand = (command, stream) => {
        client.sendCommand = send;
        // Timers run before anything that arrived meanwhile is read.
        setImmediate(() => {
          resolve(client.ping());
          block();
        });
        return send(command, stream);
      };
    });
    await expect(asked).resolves.toBe('PONG');
    await expect(client.ping()).resolves.toBe('PONG');
    expect(losses).toBe(0);
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

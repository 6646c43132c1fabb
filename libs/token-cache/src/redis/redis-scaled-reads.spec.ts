import { randomUUID } from 'node:crypto';
import { type RedisCluster, startCluster } from '@mintonce/test-support';
import { Cluster } from 'ioredis';
import { RedisTokenStore } from './redis-token-store.js';

describe('RedisTokenStore with a client that sends what it reads to replicas (scaleReads)', () => {
  let cluster: RedisCluster;
  let client: Cluster;

  beforeAll(async () => {
    cluster = await startCluster({ masters: 1, replicas: 1 });
    client = new Cluster(
      cluster.ports.map((port) => ({ host: '127.0.0.1', port })),
      { scaleReads: 'slave' },
    );
    client.on('error', () => {});
  });

  afterAll(async () => {
    client?.disconnect();
    await cluster?.stop();
  });

  it('sees what it wrote a moment ago, since each of its steps goes to the master', async () => {
    const store = new RedisTokenStore(client, { namespace: randomUUID() });
    await store.ping();
    for (let count = 0; count < 50; count++) {
      const key = randomUUID();
      const attempt = { nonce: 'a', leaseMs: 1_000, minTtlMs: 1 };
      const granted = await store.acquire(key, attempt);
      if (granted.outcome !== 'lease') throw new Error(granted.outcome);
      await store.commit(key, granted.lease, 'payload', 60_000);
      expect((await store.peek(key)).token).toMatchObject({ payload: 'payload' });
      await store.purge(key);
      expect((await store.peek(key)).token).toBeUndefined();
    }
    await store.close();
  });
});

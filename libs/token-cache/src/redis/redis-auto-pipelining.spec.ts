import { randomUUID } from 'node:crypto';

import { type RedisCluster, startCluster } from '@mintonce/test-support';
import { Cluster } from 'ioredis';

import { RedisTokenStore } from './redis-token-store.js';

const KEY_IDS = Array.from({ length: 40 }, (_, id) => `key-${id}`);
const ATTEMPT = { nonce: 'nonce', leaseMs: 5_000, minTtlMs: 0 };

describe('A cluster client with enableAutoPipelining', () => {
  let cluster: RedisCluster;
  let client: Cluster;
  let store: RedisTokenStore;

  beforeAll(async () => {
    cluster = await startCluster({ masters: 3, replicas: 0 });
    client = new Cluster(
      cluster.ports.map((port) => ({ host: '127.0.0.1', port })),
      { enableAutoPipelining: true },
    );
    store = new RedisTokenStore(client, { namespace: randomUUID() });
    await store.ready();
  });

  afterAll(async () => {
    await store?.close();
    client?.disconnect();
    await cluster?.stop();
  });

  it('reaches every key at once, also on nodes that do not know the scripts yet', async () => {
    const answers = await Promise.all(KEY_IDS.map((keyId) => store.acquire(keyId, ATTEMPT)));
    expect(answers.map(({ outcome }) => outcome)).toEqual(KEY_IDS.map(() => 'lease'));
  });

  it('does not put scripts into its pipelines, which older clients send to the node of the digest', async () => {
    const peeked = store.peek('key');
    expect(client.autoPipelineQueueSize).toBe(0);
    const pinged = store.ping();
    expect(client.autoPipelineQueueSize).toBe(1);
    await Promise.all([peeked, pinged]);
  });

  it('is told of the error that a script answers with', async () => {
    const loser = new RedisTokenStore(client, { namespace: randomUUID() });
    await Promise.all(client.nodes('master').map((node) => node.config('SET', 'maxmemory', '1')));
    try {
      const error: unknown = await loser.acquire('key', ATTEMPT).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ message: expect.stringContaining('OOM') });
      expect(loser.hasAnswered(error)).toBe(true);
    } finally {
      await Promise.all(client.nodes('master').map((node) => node.config('SET', 'maxmemory', '0')));
      await loser.close();
    }
  });
});

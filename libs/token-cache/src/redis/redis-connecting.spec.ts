import { randomUUID } from 'node:crypto';

import { type RedisCluster, type RedisServer, startCluster, startRedis, waitFor } from '@mintonce/test-support';
import { Cluster, Redis } from 'ioredis';

import { TokenClient } from '../core/token-client.js';
import { FakeTokenSource } from '../testing/fake-token-source.js';
import { RedisTokenStore } from './redis-token-store.js';

const NO_QUEUE = { enableOfflineQueue: false } as const;

describe('A client that is still connecting does not count as a dead Redis', () => {
  let server: RedisServer;
  let cluster: RedisCluster;
  const clients: (Redis | Cluster)[] = [];
  const opened: TokenClient[] = [];

  beforeAll(async () => {
    [server, cluster] = await Promise.all([startRedis(), startCluster({ masters: 3, replicas: 0 })]);
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((tokens) => tokens.close()));
    for (const client of clients.splice(0)) if (client.status !== 'end') client.disconnect();
  });

  afterAll(() => Promise.all([server?.stop(), cluster?.stop()]));

  function replica(client: Redis | Cluster, source: FakeTokenSource, namespace: string): TokenClient {
    client.on('error', () => {});
    clients.push(client);
    const store = new RedisTokenStore(client, { namespace });
    const tokens = new TokenClient({
      store,
      storeTimeoutMs: 5_000,
      whenStoreUnavailable: 'fail',
      integrations: { billing: { source } },
    });
    opened.push(tokens);
    return tokens;
  }

  const nodes = () => cluster.ports.map((port) => ({ host: '127.0.0.1', port }));

  it.each([
    ['without an offline queue', () => new Redis(server.socketPath, NO_QUEUE)],
    ['that connect at the first command', () => new Redis(server.socketPath, { lazyConnect: true })],
    ['of both kinds', () => new Redis(server.socketPath, { ...NO_QUEUE, lazyConnect: true })],
    ['of a cluster without an offline queue', () => new Cluster(nodes(), NO_QUEUE)],
    ['of a cluster of both kinds', () => new Cluster(nodes(), { ...NO_QUEUE, lazyConnect: true })],
  ])('for six processes that start at once with clients %s: they share one mint', async (_, newClient) => {
    const source = new FakeTokenSource();
    const namespace = randomUUID();
    const fleet = Array.from({ length: 6 }, () => replica(newClient(), source, namespace));
    const tokens = await Promise.all(fleet.map((process) => process.getToken('billing')));
    expect(source.calls).toHaveLength(1);
    expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(1);
  });

  it('while it reconnects: a purge waits for that, and is done', async () => {
    const client = new Redis(server.socketPath, { ...NO_QUEUE, retryStrategy: () => 20 });
    const source = new FakeTokenSource();
    const tokens = replica(client, source, randomUUID());
    await tokens.getToken('billing');
    client.disconnect(true);
    await waitFor(() => client.status !== 'ready');
    await tokens.purge('billing');
    expect((await tokens.status('billing')).state).toBe('missing');
  });

  it('but one that was closed for good does, at once', async () => {
    const client = new Redis(server.socketPath, NO_QUEUE);
    const source = new FakeTokenSource();
    const tokens = replica(client, source, randomUUID());
    await tokens.getToken('billing');
    client.disconnect();
    await waitFor(() => client.status === 'end');
    await expect(tokens.getToken('billing', { tenant: 'another' })).rejects.toMatchObject({
      code: 'TOKEN_STORE_UNAVAILABLE',
      cause: { message: 'Connection is closed.' },
    });
  });

  it('nor gathers a listener for each call', async () => {
    const client = new Redis(server.socketPath, { ...NO_QUEUE, lazyConnect: true });
    clients.push(client);
    const store = new RedisTokenStore(client, { namespace: randomUUID() });
    const before = client.listenerCount('ready');
    const waits = Array.from({ length: 100 }, async () => store.ready());
    expect(client.listenerCount('ready')).toBeLessThanOrEqual(before + 2);
    await Promise.all(waits);
    expect([client.listenerCount('ready'), store.ready()]).toEqual([before, undefined]);
  });
});

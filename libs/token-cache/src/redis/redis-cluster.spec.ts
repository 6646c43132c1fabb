import { randomUUID } from 'node:crypto';

import { type RedisCluster, type RedisServer, startCluster, waitFor } from '@mintonce/test-support';
import { Cluster } from 'ioredis';

import { type TokenStoreEvent } from '../core/contract/token-store.js';
import { describeTokenStore } from '../testing/token-store-contract.js';
import { RedisEvents } from './redis-events.js';
import { nameIn } from './name-in-event.spec-support.js';
import { RedisTokenStore } from './redis-token-store.js';

let cluster: RedisCluster;
let client: Cluster;

beforeAll(async () => {
  // The last test removes a master for good; the others must stay available.
  cluster = await startCluster({ masters: 3, replicas: 0, args: ['--cluster-require-full-coverage', 'no'] });
  client = new Cluster(cluster.ports.map((port) => ({ host: '127.0.0.1', port })));
  client.on('error', () => {});
});

afterAll(async () => {
  client?.disconnect();
  await cluster?.stop();
});

describeTokenStore('RedisTokenStore on a cluster of three masters', () => {
  const namespace = randomUUID();
  return { open: () => new RedisTokenStore(client, { namespace }) };
});

describe('RedisTokenStore on a cluster of three masters', () => {
  const ids = Array.from({ length: 300 }, () => randomUUID());

  it('spreads the keys over all masters, in at most 64 hash slots', async () => {
    const namespace = randomUUID();
    const store = new RedisTokenStore(client, { namespace });
    await Promise.all(ids.map((id) => store.purge(id)));
    const names = await Promise.all(client.nodes('master').map((node) => node.keys(`${namespace}:*`)));
    expect(names.every((keys) => keys.length > 0)).toBe(true);
    expect(names.flat()).toHaveLength(ids.length);
    expect(new Set(names.flat().map((name) => name.replace(/\}.*/, ''))).size).toBeLessThanOrEqual(64);
  });

  it('receives the events of keys on every master, also after its subscriber connection was killed', async () => {
    const store = new RedisTokenStore(client, { namespace: randomUUID() });
    const heard = new Set<string>();
    const entries: string[] = [];
    store.events.subscribe({
      event: (event) => heard.add(nameIn(event)),
      up: () => entries.push('up'),
      down: () => entries.push('down'),
    });
    try {
      await waitFor(() => entries.length === 1);
      await Promise.all(ids.map((id) => store.purge(id)));
      await waitFor(() => heard.size === ids.length);

      heard.clear();
      await Promise.all(client.nodes('master').map((node) => node.client('KILL', 'TYPE', 'pubsub')));
      await waitFor(() => entries.length === 3);
      expect(entries).toEqual(['up', 'down', 'up']);
      await Promise.all(ids.map((id) => store.purge(id)));
      await waitFor(() => heard.size === ids.length);
    } finally {
      await store.close();
    }
  });

  it('comes up as soon as a lazy client connects', async () => {
    const lazy = new Cluster(
      client.nodes('master').map(({ options }) => ({ host: options.host, port: options.port })),
      { lazyConnect: true },
    );
    const store = new RedisTokenStore(lazy, { namespace: randomUUID() });
    let up = false;
    store.events.subscribe({ event: () => {}, up: () => (up = true), down: () => {} });
    try {
      await store.purge('key');
      await waitFor(() => up);
    } finally {
      await store.close();
      lazy.disconnect();
    }
  });

  it('subscribes to another node if its node has left the cluster and still runs', async () => {
    const own = await startCluster({ masters: 3, replicas: 3 });
    const masters = await own.masters();
    const [replica] = own.servers.filter((server) => !masters.includes(server)) as [RedisServer];
    const clusterClient = new Cluster([{ host: '127.0.0.1', port: replica.port }]);
    clusterClient.on('error', () => {});
    const events = new RedisEvents(clusterClient, 'events', 200);
    const told: string[] = [];
    const listener = {
      event: (event: TokenStoreEvent) => told.push(nameIn(event)),
      up: () => told.push('up'),
      down: () => told.push('down'),
    };
    // At this moment the client knows this node only.
    clusterClient.once('+node', () => events.subscribe(listener));
    try {
      await waitFor(() => told.length === 1);
      await own.admin(replica).call('CLUSTER', 'RESET');
      await waitFor(async () => {
        await clusterClient.publish('events', 'purged 7 key');
        return told.at(-1) === 'key' && told.includes('down');
      });
    } finally {
      events.close();
      clusterClient.disconnect();
      await own.stop();
    }
  });

  it('subscribes to another node if its node has ended', async () => {
    const store = new RedisTokenStore(client, { namespace: randomUUID() });
    const entries: string[] = [];
    store.events.subscribe({ event: () => {}, up: () => entries.push('up'), down: () => entries.push('down') });
    try {
      await waitFor(() => entries.length === 1);
      const subscribed = await Promise.all(cluster.servers.map((node) => isSubscribed(node)));
      await cluster.servers[subscribed.indexOf(true)]?.kill();
      await waitFor(() => entries.length === 3);
      expect(entries).toEqual(['up', 'down', 'up']);
    } finally {
      await store.close();
    }
  });
});

async function isSubscribed(node: RedisServer): Promise<boolean> {
  return String(await cluster.admin(node).client('LIST', 'TYPE', 'PUBSUB')).includes('name=token-events');
}

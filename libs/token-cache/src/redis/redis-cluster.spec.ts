import { randomUUID } from 'node:crypto';

import { freePort, type RedisServer, startRedis, waitFor } from '@mintonce/test-support';
import { Cluster, Redis } from 'ioredis';

import { describeTokenStore } from '../testing/token-store-contract.js';
import { RedisTokenStore } from './redis-token-store.js';

const SLOTS = 16_384;
const MASTERS = 3;
const CLUSTER = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', '--cluster-require-full-coverage', 'no'];

let nodes: RedisServer[] = [];
let client: Cluster;

beforeAll(async () => {
  for (let i = 0; i < MASTERS; i++) {
    const busPort = await freePort();
    nodes.push(await startRedis({ args: [...CLUSTER, '--cluster-port', String(busPort)] }));
  }
  await formCluster(nodes);
  client = new Cluster(nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
  client.on('error', () => {});
}, 30_000);

afterAll(async () => {
  client?.disconnect();
  await Promise.all(nodes.map((node) => node.stop()));
  nodes = [];
});

describeTokenStore('RedisTokenStore on a cluster of three masters', () => {
  const namespace = randomUUID();
  return { open: () => new RedisTokenStore(client, { namespace }) };
});

describe('RedisTokenStore on a cluster of three masters', () => {
  const ids = Array.from({ length: 300 }, () => randomUUID());

  it('spreads the keys over all masters, in at most 64 slots', async () => {
    const namespace = randomUUID();
    const store = new RedisTokenStore(client, { namespace });
    await Promise.all(ids.map((id) => store.purge(id)));
    const names = await Promise.all(client.nodes('master').map((node) => node.keys(`${namespace}:*`)));
    expect(names.every((keys) => keys.length > 0)).toBe(true);
    expect(names.flat()).toHaveLength(ids.length);
    expect(new Set(names.flat().map((name) => name.replace(/\}.*/, ''))).size).toBeLessThanOrEqual(64);
  });

  it('hears of every key, whichever master holds it, and goes on after its subscriber was killed', async () => {
    const store = new RedisTokenStore(client, { namespace: randomUUID() });
    const heard = new Set<string>();
    const entries: string[] = [];
    store.events.subscribe({
      event: ({ keyId }) => heard.add(keyId),
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

  it('is up as soon as a client that was lazy connects', async () => {
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

  it('subscribes to another node when the one it listened to is gone', async () => {
    const store = new RedisTokenStore(client, { namespace: randomUUID() });
    const entries: string[] = [];
    store.events.subscribe({ event: () => {}, up: () => entries.push('up'), down: () => entries.push('down') });
    try {
      await waitFor(() => entries.length === 1);
      const subscribed = await Promise.all(nodes.map((node) => isSubscribed(node)));
      await nodes[subscribed.indexOf(true)]?.kill();
      await waitFor(() => entries.length === 3);
      expect(entries).toEqual(['up', 'down', 'up']);
    } finally {
      await store.close();
    }
  });
});

async function formCluster(members: readonly RedisServer[]): Promise<void> {
  const clients = members.map((member) => new Redis(member.socketPath));
  try {
    for (const [i, own] of clients.entries()) {
      const [from, to] = [i, i + 1].map((n) => Math.floor((n * SLOTS) / members.length));
      await own.call('CLUSTER', 'ADDSLOTSRANGE', String(from), String((to ?? SLOTS) - 1));
      const [, busPort] = (await own.config('GET', 'cluster-port')) as [string, string];
      await clients[0]?.call('CLUSTER', 'MEET', '127.0.0.1', String(members[i]?.port), busPort);
    }
    for (const own of clients) {
      await waitFor(async () => {
        const info = await own.cluster('INFO');
        return (
          /cluster_state:ok/.test(info) && /cluster_slots_ok:16384/.test(info) && /cluster_known_nodes:3/.test(info)
        );
      });
    }
  } finally {
    clients.forEach((own) => own.disconnect());
  }
}

async function isSubscribed(node: RedisServer): Promise<boolean> {
  const own = new Redis(node.socketPath);
  try {
    return String(await own.client('LIST', 'TYPE', 'PUBSUB')).includes('name=token-events');
  } finally {
    own.disconnect();
  }
}

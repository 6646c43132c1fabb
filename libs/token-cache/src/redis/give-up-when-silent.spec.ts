import {
  type FaultProxy,
  faultProxy,
  type RedisCluster,
  type RedisServer,
  startCluster,
  startRedis,
  waitFor,
} from '@mintonce/test-support';
import { Cluster, Redis } from 'ioredis';

import { giveUpWhenSilent } from './give-up-when-silent.js';

const STALL_MS = 3_000;

/** Keeps the event loop from doing anything else, as a long computation does. */
function block(): void {
  for (const until = performance.now() + STALL_MS; performance.now() < until;);
}

describe('giveUpWhenSilent', () => {
  let redis: RedisServer;
  let cluster: RedisCluster;
  let proxy: FaultProxy;

  beforeAll(async () => {
    [redis, cluster] = await Promise.all([startRedis(), startCluster({ masters: 3, replicas: 0 })]);
    proxy = await faultProxy({ target: redis });
  });

  afterAll(async () => {
    proxy?.stop();
    await Promise.all([redis?.stop(), cluster?.stop()]);
  });

  it('gives up a connection whose other end is gone without a word, and has the client make a new one', async () => {
    const client = new Redis(proxy.port);
    client.on('error', () => {});
    giveUpWhenSilent(client);
    await client.ping();
    proxy.halfOpen();
    await expect(client.ping()).resolves.toBe('PONG');
    client.disconnect();
  });

  it('gives up the connection to a node of a cluster that is silent, and none to the others', async () => {
    const client = new Cluster(cluster.ports.map((port) => ({ host: '127.0.0.1', port })));
    client.on('error', () => {});
    await Promise.all([
      new Promise((resolve) => client.once('ready', resolve)),
      waitFor(() => client.nodes().length === 3),
    ]);
    await Promise.all(client.nodes().map((node) => node.ping()));
    const lost: unknown[] = [];
    for (const node of client.nodes()) node.on('close', () => lost.push(node.options.port));
    const [silent] = cluster.servers as [RedisServer];
    silent.pause();
    try {
      giveUpWhenSilent(client);
      await waitFor(() => lost.length > 0);
      expect(new Set(lost)).toEqual(new Set([silent.port]));
    } finally {
      silent.resume();
      client.disconnect();
    }
  });

  it('keeps a connection whose answer arrived while the event loop was blocked for longer', async () => {
    const client = new Redis(redis.socketPath);
    let losses = 0;
    client.on('close', () => losses++);
    giveUpWhenSilent(client);
    await new Promise((resolve) => client.once('ready', resolve));
    await new Promise<void>((resolve) => {
      const send = client.sendCommand.bind(client);
      client.sendCommand = (command, stream) => {
        client.sendCommand = send;
        process.nextTick(() => resolve(block()));
        return send(command, stream);
      };
    });
    await expect(client.ping()).resolves.toBe('PONG');
    expect(losses).toBe(0);
    client.disconnect();
  });

  it('is at an end with its client', async () => {
    const client = new Redis(redis.socketPath);
    giveUpWhenSilent(client);
    expect(client.listenerCount('end')).toBe(1);
    client.disconnect();
    await waitFor(() => client.listenerCount('end') === 0);
  });
});

import { RedisTokenStore } from '@mintonce/token-cache/redis';
import { type RedisCluster, type RunningParts, startCluster } from '@mintonce/test-support';
import { Cluster, Redis } from 'ioredis';
import { EVENT, serverClock } from './redis-costs.js';

const EVENTS = 4_000;
const AT_ONCE = 20;
const PROCESSES = 4;
/** So many that every master has some. */
const KEYS = 64;

export interface ClusterCosts {
  /** Of the master to which an event is published, in µs, for each of the other masters. */
  readonly relayUs: number;
  /** Of each other master, in µs. */
  readonly relayedUs: number;
  /** Of one process, to all masters together. */
  readonly connections: number;
}

/**
 * What an event costs masters whose subscribers are elsewhere, beside one Redis alone, and how a process connects to a cluster of
 * three.
 */
export async function clusterCosts(redisUrl: string, running: RunningParts): Promise<ClusterCosts> {
  const alone = new Redis(redisUrl);
  running.onStop(() => alone.disconnect());
  const cluster = running.add(await startCluster({ masters: 3, replicas: 0, nodeTimeoutMs: 15_000 }));
  const [from, to] = cluster.servers.map((server) => cluster.admin(server)) as [Redis, Redis];
  const [aloneUs, fromUs, toUs] = [await serverClock(alone), await serverClock(from), await serverClock(to)];
  const others = cluster.servers.length - 1;
  const publishedAloneUs = await aloneUs(EVENTS, () => publishTo(alone));
  let relayedUs = 0;
  const publishedUs = await fromUs(EVENTS, async () => {
    relayedUs = await toUs(EVENTS, async () => {
      await publishTo(from);
      // Whatever the other master has been passed by now it has read before it answers this.
      await to.ping();
    });
  });
  const relayUs = Math.max(0, (publishedUs - publishedAloneUs) / others);
  return { relayUs, relayedUs, connections: await connectionsOf(cluster, running) };
}

async function publishTo(redis: Redis): Promise<void> {
  for (let event = 0; event < EVENTS; event += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, () => redis.publish('plan:nobody', EVENT)));
  }
}

async function connectionsOf(cluster: RedisCluster, running: RunningParts): Promise<number> {
  const before = await connections(cluster);
  const nodes = cluster.ports.map((port) => ({ host: '127.0.0.1', port }));
  for (let process = 0; process < PROCESSES; process++) {
    const client = new Cluster(nodes);
    running.onStop(() => client.disconnect());
    const store = new RedisTokenStore(client);
    running.onStop(() => store.close());
    await new Promise<void>((resolve) => store.events.subscribe({ event() {}, up: resolve, down() {} }));
    await Promise.all(Array.from({ length: KEYS }, (_, key) => store.peek(`key-${key}`)));
  }
  return ((await connections(cluster)) - before) / PROCESSES;
}

async function connections(cluster: RedisCluster): Promise<number> {
  const lists = await Promise.all(cluster.servers.map((server) => cluster.admin(server).client('LIST')));
  return lists.reduce<number>((sum, list) => sum + String(list).trim().split('\n').length, 0);
}

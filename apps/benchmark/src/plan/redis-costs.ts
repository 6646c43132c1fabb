import { RedisTokenStore } from '@mintonce/token-cache/redis';
import { type RunningParts } from '@mintonce/test-support';
import { Redis } from 'ioredis';
import { jwt, JWT_BYTES, LIFE_MS } from '../contenders/jwt.js';
import { processorNsOf } from '../proxies/processor-time.js';
import { type Line, lineThrough } from './line.js';

/** Each with one command under way, as with a process of its own: Redis reads and writes once for each. */
const CONNECTIONS = 64;
const CALLS = 250;
const KEYS = 4_000;
const SUBSCRIBERS = [0, 50, 100, 200];
const EVENTS = 400;
const LEASE_MS = 60_000;
const CHANNEL = 'plan:events';
/** As long as an event with the id of a key. */
export const EVENT = `stored 1790000000000000 ${'x'.repeat(43)}`;
/** As the store keeps a token. */
const PAYLOAD = JSON.stringify({ accessToken: jwt(), tokenType: 'Bearer', expiresAt: 1.79e12, lifeMs: LIFE_MS });

export interface RedisCosts {
  readonly hitUs: number;
  readonly mintUs: number;
  readonly pingUs: number;
  /** Of an event by the number of its subscribers, in µs. */
  readonly event: Line;
  readonly events: readonly { readonly x: number; readonly y: number }[];
  readonly keyBytes: number;
  readonly connectionBytes: number;
}

/** What one Redis needs for each thing, by the processor time and the memory that it used meanwhile. */
export async function redisCosts(redisUrl: string, running: RunningParts): Promise<RedisCosts> {
  const admin = new Redis(redisUrl);
  const connections = await connected(redisUrl, CONNECTIONS);
  running.onStop(() => [admin, ...connections].forEach((redis) => redis.disconnect()));
  await admin.flushdb();
  const usOf = await serverClock(admin);
  const stores = connections.map((redis) => new RedisTokenStore(redis));
  const [first] = stores as [RedisTokenStore];
  const mint = async (store: RedisTokenStore, keyId: string): Promise<void> => {
    const acquired = await store.acquire(keyId, { nonce: keyId, leaseMs: LEASE_MS, minTtlMs: 0 });
    if (acquired.outcome !== 'lease') throw new Error(`${keyId} is there already`);
    await store.commit(keyId, acquired.lease, PAYLOAD, LIFE_MS);
  };
  const hit = (store: RedisTokenStore): Promise<unknown> =>
    store.acquire('key', { nonce: 'nonce', leaseMs: LEASE_MS, minTtlMs: 0 });
  await mint(first, 'key');
  await Promise.all(stores.map(hit));

  const hitUs = await usOf(CONNECTIONS * CALLS, () => eachCalls(stores, CALLS, hit));
  const pingUs = await usOf(CONNECTIONS * CALLS, () => eachCalls(connections, CALLS, (redis) => redis.ping()));
  const memoryBefore = await usedMemory(admin);
  let key = 0;
  const mintUs = await usOf(KEYS, () => eachCalls(stores, KEYS / CONNECTIONS, (store) => mint(store, `key-${key++}`)));
  const keyBytes = ((await usedMemory(admin)) - memoryBefore) / key;
  return { hitUs, mintUs, pingUs, keyBytes, ...(await eventCosts(redisUrl, running, admin, usOf)) };
}

/** The processor time of the server for one of so many pieces of work, in µs. */
export type ServerClock = (times: number, work: () => Promise<unknown>) => Promise<number>;

export async function serverClock(admin: Redis): Promise<ServerClock> {
  const pid = Number(/process_id:(\d+)/.exec(await admin.info('server'))?.[1]);
  return async (times, work) => {
    const before = processorNsOf(pid);
    await work();
    return (processorNsOf(pid) - before) / 1e3 / times;
  };
}

async function eventCosts(
  redisUrl: string,
  running: RunningParts,
  admin: Redis,
  usOf: ServerClock,
): Promise<Pick<RedisCosts, 'event' | 'events' | 'connectionBytes'>> {
  const subscribers: Redis[] = [];
  running.onStop(() => subscribers.forEach((redis) => redis.disconnect()));
  const memoryBefore = await usedMemory(admin);
  const events: { x: number; y: number }[] = [];
  for (const count of SUBSCRIBERS) {
    const more = await connected(redisUrl, count - subscribers.length);
    subscribers.push(...more);
    await Promise.all(more.map((redis) => redis.subscribe(CHANNEL)));
    const y = await usOf(EVENTS, async () => {
      for (let event = 0; event < EVENTS; event++) await admin.publish(CHANNEL, EVENT);
    });
    events.push({ x: count, y });
  }
  const connectionBytes = ((await usedMemory(admin)) - memoryBefore) / subscribers.length;
  return { event: lineThrough(events), events, connectionBytes };
}

async function connected(redisUrl: string, count: number): Promise<Redis[]> {
  const connections = Array.from({ length: count }, () => new Redis(redisUrl));
  await Promise.all(connections.map((redis) => redis.ping()));
  return connections;
}

async function eachCalls<Caller>(
  callers: readonly Caller[],
  times: number,
  call: (caller: Caller) => Promise<unknown>,
): Promise<void> {
  const inTurn = async (caller: Caller): Promise<void> => {
    for (let time = 0; time < times; time++) await call(caller);
  };
  await Promise.all(callers.map(inTurn));
}

async function usedMemory(admin: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await admin.info('memory'))?.[1]);
}

/** What a reply with a token weighs on the network, without its few numbers. */
export const REPLY_BYTES = JWT_BYTES + 200;

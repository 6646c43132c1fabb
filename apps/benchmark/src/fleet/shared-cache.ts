import { TokenClient, tokenSource, type TokenStore } from '@mintonce/token-cache';
import { RedisTokenStore } from '@mintonce/token-cache/redis';
import { SqliteTokenStore } from '@mintonce/token-cache/sqlite';
import { Redlock } from '@sesamecare-oss/redlock';
import { createCache } from 'async-cache-dedupe';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { type Redis } from 'ioredis';
import { Mutex } from 'redis-semaphore';
import { LIFE_MS } from '../contenders/jwt.js';

/** The token of a key, by whichever process mints it. */
export type Get = (key: string) => Promise<unknown>;
export type Mint = () => Promise<string>;

/** Where the processes of a fleet share. */
export interface Places {
  /** A new connection. */
  connect(): Redis;
  readonly sqlitePath: string;
}

/** How each contender is set up in every process of a fleet, by its name in the tables. */
export const SHARED_CACHES: Readonly<Record<string, (mint: Mint, places: Places) => Get>> = {
  'mintonce on Redis': (mint, { connect }) => ours(new RedisTokenStore(connect()), mint),
  'mintonce on SQLite': (mint, { sqlitePath }) => ours(new SqliteTokenStore({ path: sqlitePath }), mint),
  '@sesamecare-oss/redlock': (mint, { connect }) => {
    const redis = connect();
    const redlock = new Redlock([redis], { retryCount: 60 });
    return checkedTwice(redis, mint, (key, work) => redlock.using([`lock:${key}`], 5_000, work));
  },
  'redis-semaphore': (mint, { connect }) => {
    const redis = connect();
    return checkedTwice(redis, mint, async (key, work) => {
      const mutex = new Mutex(redis, key, { acquireTimeout: 30_000 });
      await mutex.acquire();
      try {
        return await work();
      } finally {
        await mutex.release();
      }
    });
  },
  bentocache: (mint, { connect }) => {
    const store = bentostore()
      .useL1Layer(memoryDriver({ maxItems: 10_000 }))
      .useL2Layer(redisDriver({ connection: connect() }))
      .useBus(redisBusDriver({ connection: connect() }));
    const cache = new BentoCache({ default: 'tokens', stores: { tokens: store } });
    return (key) => cache.getOrSet({ key, ttl: LIFE_MS, factory: mint });
  },
  'async-cache-dedupe': (mint, { connect }) => {
    const storage = { type: 'redis' as const, options: { client: connect() } };
    const cache = createCache({ ttl: LIFE_MS / 1_000, storage }).define('token', async (_key: string) => mint());
    return (key) => cache.token(key);
  },
};

function ours(store: TokenStore, mint: Mint): Get {
  const source = tokenSource('benchmark', async () => ({ accessToken: await mint(), expiresInMs: LIFE_MS }));
  const client = new TokenClient({ store, integrations: { api: { source } } });
  return (tenant) => client.getToken('api', { tenant });
}

type Lock = (key: string, work: () => Promise<string>) => Promise<string>;

/** The usual recipe around a lock: look up, lock, look up again, mint; one piece of work per key and process. */
function checkedTwice(redis: Redis, mint: Mint, lock: Lock): Get {
  const flights = new Map<string, Promise<string>>();
  const mintShared = async (key: string): Promise<string> => {
    const token = await mint();
    await redis.set(key, token, 'PX', LIFE_MS);
    return token;
  };
  const obtain = async (key: string): Promise<string> =>
    (await redis.get(key)) ?? lock(key, async () => (await redis.get(key)) ?? mintShared(key));
  return (key) => {
    let flight = flights.get(key);
    if (!flight) flights.set(key, (flight = obtain(key).finally(() => flights.delete(key))));
    return flight;
  };
}

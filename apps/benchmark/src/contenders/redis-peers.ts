import KeyvRedis from '@keyv/redis';
import { createCache } from 'async-cache-dedupe';
import { BentoCache, bentostore } from 'bentocache';
import { redisDriver } from 'bentocache/drivers/redis';
import { createCache as createCacheManager } from 'cache-manager';
import { Keyv } from 'keyv';
import { type Bench } from '../harness/row.js';
import { jwt, LIFE_MS } from './jwt.js';
import { connect } from './ours.js';

type OnRedis = Pick<Bench, 'running' | 'redisUrl'>;

/** A function that gives the shared token, made by a peer that keeps none in the process. */
export type Read = () => Promise<unknown>;

const KEY = 'api';

export function bentocacheOnRedis(bench: OnRedis): Read {
  const driver = redisDriver({ connection: connect(bench), prefix: 'bentocache' });
  const cache = new BentoCache({ default: 'tokens', stores: { tokens: bentostore().useL2Layer(driver) } });
  return () => cache.getOrSet({ key: KEY, ttl: LIFE_MS, factory: jwt });
}

export function cacheManagerOnRedis({ running, redisUrl }: OnRedis): Read {
  const store = new KeyvRedis(redisUrl);
  running.onStop(() => store.disconnect());
  const cache = createCacheManager({ stores: [new Keyv({ store, namespace: 'cache-manager' })], ttl: LIFE_MS });
  return () => cache.wrap(KEY, jwt);
}

export function asyncCacheDedupeOnRedis(bench: OnRedis): Read {
  const storage = { type: 'redis' as const, options: { client: connect(bench) } };
  const cache = createCache({ ttl: LIFE_MS / 1_000, storage }).define('token', async (_key: string) => jwt());
  return () => cache.token(KEY);
}

import { createCache } from 'async-cache-dedupe';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { createCache as createCacheManager } from 'cache-manager';
import { Keyv } from 'keyv';
import { LRUCache } from 'lru-cache';
import { type Contender } from '../harness/contest.js';
import { jwt, LIFE_MS } from './jwt.js';

const KEY = 'api';

/** What one would write without a library, and what each hit costs at least. */
export function asyncMap(): Contender {
  const tokens = new Map([[KEY, jwt()]]);
  const cache = {
    async getToken(name: string): Promise<string> {
      const token = tokens.get(name);
      if (token === undefined) throw new Error(`no token for ${name}`);
      return token;
    },
  };
  return {
    name: 'an async method over a Map',
    role: 'limit',
    async run(times) {
      for (let time = 0; time < times; time++) await cache.getToken(KEY);
    },
  };
}

export function lruCache(): Contender {
  const cache = new LRUCache<string, string>({ max: 10_000, ttl: LIFE_MS, fetchMethod: async () => jwt() });
  return {
    name: 'lru-cache fetch()',
    role: 'peer',
    remark: 'shares nothing between processes',
    async run(times) {
      for (let time = 0; time < times; time++) await cache.fetch(KEY);
    },
  };
}

export function bentocache(): Contender {
  const driver = memoryDriver({ maxItems: 10_000, serialize: false });
  const cache = new BentoCache({ default: 'tokens', stores: { tokens: bentostore().useL1Layer(driver) } });
  return {
    name: 'bentocache getOrSet()',
    role: 'peer',
    async run(times) {
      for (let time = 0; time < times; time++) await cache.getOrSet({ key: KEY, ttl: LIFE_MS, factory: jwt });
    },
  };
}

export function cacheManager(): Contender {
  const memory = new Keyv();
  // As its README advises for values in memory.
  memory.serialize = undefined;
  memory.deserialize = undefined;
  const cache = createCacheManager({ stores: [memory], ttl: LIFE_MS });
  return {
    name: 'cache-manager wrap()',
    role: 'peer',
    async run(times) {
      for (let time = 0; time < times; time++) await cache.wrap(KEY, jwt);
    },
  };
}

export function asyncCacheDedupe(): Contender {
  const cache = createCache({ ttl: LIFE_MS / 1_000, storage: { type: 'memory' } }).define(
    'token',
    async (_key: string) => jwt(),
  );
  return {
    name: 'async-cache-dedupe',
    role: 'peer',
    async run(times) {
      for (let time = 0; time < times; time++) await cache.token(KEY);
    },
  };
}

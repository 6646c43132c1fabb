import {
  TokenClient,
  type TokenCacheOptions,
  tokenSource,
  type TokenSource,
  type TokenStore,
} from '@mintonce/token-cache';
import { RedisTokenStore } from '@mintonce/token-cache/redis';
import { Redis } from 'ioredis';
import { type Bench } from '../harness/row.js';
import { jwt, LIFE_MS } from './jwt.js';

/** The integration of every row. */
export const INTEGRATION = 'api';

/** A source that answers at once. */
export const promptSource: TokenSource = tokenSource('benchmark', async () => ({
  accessToken: jwt(),
  expiresInMs: LIFE_MS,
}));

/** Options with the one integration; everything else is as a user has it who states nothing. */
export function optionsWith(store: TokenStore, options: Partial<TokenCacheOptions> = {}): TokenCacheOptions {
  return { store, integrations: { [INTEGRATION]: { source: promptSource } }, ...options };
}

export function openClient(
  { running }: Pick<Bench, 'running'>,
  store: TokenStore,
  options?: Partial<TokenCacheOptions>,
): TokenClient {
  const client = new TokenClient(optionsWith(store, options));
  running.onStop(() => client.close());
  return client;
}

/** A connection that ends with the row. */
export function connect({ running, redisUrl }: Pick<Bench, 'running' | 'redisUrl'>): Redis {
  const redis = new Redis(redisUrl);
  running.onStop(() => redis.disconnect());
  return redis;
}

/** A store with a namespace of its own. */
export function redisStore(bench: Pick<Bench, 'running' | 'redisUrl'>, namespace: string): RedisTokenStore {
  return new RedisTokenStore(connect(bench), { namespace });
}

import { type TokenStore } from '@mintonce/token-cache';
import { RedisTokenStore } from '@mintonce/token-cache/redis';
import { type Cluster, type Redis } from 'ioredis';

/** A store that also closes its client, after the last lease is released. The Redis module might close it before that. */
export class OwnedRedisTokenStore extends RedisTokenStore {
  constructor(readonly client: Redis | Cluster) {
    super(client);
  }

  override async close(): Promise<void> {
    await super.close();
    this.client.disconnect();
  }
}

/** The client of a store in Redis; undefined for any other store. */
export function redisOf(store: TokenStore): Redis | Cluster | undefined {
  return store instanceof OwnedRedisTokenStore ? store.client : undefined;
}

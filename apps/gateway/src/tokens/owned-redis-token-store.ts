import { RedisTokenStore } from '@mintonce/token-cache/redis';
import { type Redis } from 'ioredis';

/** Closes its client too, when the last lease is released: Nest may shut the Redis module down before `TokenService`. */
export class OwnedRedisTokenStore extends RedisTokenStore {
  constructor(private readonly client: Redis) {
    super(client);
  }

  override async close(): Promise<void> {
    await super.close();
    this.client.disconnect();
  }
}

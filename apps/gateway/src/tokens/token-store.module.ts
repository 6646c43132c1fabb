import { RedisModule, RedisService } from '@liaoliaots/nestjs-redis';
import { MemoryTokenStore, type TokenStore } from '@mintonce/token-cache';
import { SqliteTokenStore } from '@mintonce/token-cache/sqlite';
import { type DynamicModule, Module } from '@nestjs/common';
import { rethrowAsConfigError } from '../config/config.error.js';
import { type GatewayConfig } from '../config/load-config.js';
import { OwnedRedisTokenStore } from './owned-redis-token-store.js';
import { redisClient, whenConnected } from './redis-client.js';

/** Injection token of the `TokenStore`. */
export const TOKEN_STORE = Symbol('TOKEN_STORE');

/** Provides the store in which the workers share tokens: Redis, SQLite or memory, as configured. */
@Module({})
export class TokenStoreModule {
  static forRoot(config: GatewayConfig): DynamicModule {
    const module = { module: TokenStoreModule, exports: [TOKEN_STORE] };
    switch (config.store) {
      case 'redis':
        return {
          ...module,
          imports: [
            RedisModule.forRoot({ config: redisClient(config.redisUrl!), closeClient: false, errorLog: false }, false),
          ],
          providers: [{ provide: TOKEN_STORE, inject: [RedisService], useFactory: redisStore }],
        };
      case 'sqlite':
        return { ...module, providers: [{ provide: TOKEN_STORE, useFactory: () => sqliteStore(config.sqlitePath) }] };
      case 'memory':
        return { ...module, providers: [{ provide: TOKEN_STORE, useClass: MemoryTokenStore }] };
    }
  }
}

async function redisStore(redis: RedisService): Promise<TokenStore> {
  return new OwnedRedisTokenStore(await whenConnected(redis.getOrThrow()));
}

function sqliteStore(path: string): TokenStore {
  try {
    return new SqliteTokenStore({ path });
  } catch (error) {
    rethrowAsConfigError(error, (field) => `sqlite.${field}`);
  }
}

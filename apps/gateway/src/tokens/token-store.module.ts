import { ClusterModule, ClusterService, RedisModule, RedisService } from '@liaoliaots/nestjs-redis';
import { MemoryTokenStore, type TokenStore } from '@mintonce/token-cache';
import { SqliteTokenStore } from '@mintonce/token-cache/sqlite';
import { type DynamicModule, Module } from '@nestjs/common';
import { rethrowAsConfigError } from '../config/config.error.js';
import { type GatewayConfig } from '../config/load-config.js';
import { type RedisConfig } from '../config/redis/redis-config.js';
import { OwnedRedisTokenStore } from './owned-redis-token-store.js';
import { whenConnected } from './redis-client.js';
import { clusterClient, redisClient } from './redis-options.js';

/** Injection token of the `TokenStore`. */
export const TOKEN_STORE = Symbol('TOKEN_STORE');

/** Provides the store in which the workers share tokens: Redis, SQLite or memory, as configured. */
@Module({})
export class TokenStoreModule {
  static forRoot(config: GatewayConfig): DynamicModule {
    const module = { module: TokenStoreModule, exports: [TOKEN_STORE] };
    switch (config.store) {
      case 'redis':
        return { ...module, ...redisParts(config.redis!) };
      case 'sqlite':
        return { ...module, providers: [{ provide: TOKEN_STORE, useFactory: () => sqliteStore(config.sqlitePath) }] };
      case 'memory':
        return { ...module, providers: [{ provide: TOKEN_STORE, useClass: MemoryTokenStore }] };
    }
  }
}

function redisParts(redis: RedisConfig): Pick<DynamicModule, 'imports' | 'providers'> {
  const settings = { closeClient: false, errorLog: false };
  const isCluster = redis.address.kind === 'cluster';
  return {
    imports: [
      isCluster
        ? ClusterModule.forRoot({ ...settings, config: clusterClient(redis) }, false)
        : RedisModule.forRoot({ ...settings, config: redisClient(redis) }, false),
    ],
    providers: [
      {
        provide: TOKEN_STORE,
        inject: [isCluster ? ClusterService : RedisService],
        useFactory: async (redis: RedisService | ClusterService) =>
          new OwnedRedisTokenStore(await whenConnected(redis.getOrThrow())),
      },
    ],
  };
}

function sqliteStore(path: string): TokenStore {
  try {
    return new SqliteTokenStore({ path });
  } catch (error) {
    rethrowAsConfigError(error, (field) => `sqlite.${field}`);
  }
}

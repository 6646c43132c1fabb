import cluster from 'node:cluster';
import { Logger } from '@nestjs/common';
import { MemoryTokenStore } from '../core/slot/memory-token-store.js';
import { type TokenCacheConfig } from '../core/config/token-cache.options.js';

/** Several workers with a memory of their own each are the very problem that this library is there to solve. */
export function warnOfUnsharedStore(config: TokenCacheConfig): TokenCacheConfig {
  if (config.store instanceof MemoryTokenStore && isOneOfSeveral()) {
    new Logger('TokenCacheModule').warn(
      'MemoryTokenStore is not shared, but this is one of several workers: each of them mints its own tokens. ' +
        'Use RedisTokenStore, or SqliteTokenStore when all workers are on one machine.',
    );
  }
  return config;
}

function isOneOfSeveral(): boolean {
  return cluster.isWorker || process.env['NODE_APP_INSTANCE'] !== undefined;
}

import cluster from 'node:cluster';
import { isMainThread } from 'node:worker_threads';
import { type Logger } from '@nestjs/common';
import { MemoryTokenStore } from '../core/slot/memory-token-store.js';
import { type TokenStore } from '../core/contract/token-store.js';

/** Several workers with a memory of their own each are the very problem that this library is there to solve. */
export function warnOfUnsharedStore(store: TokenStore, logger: Logger): void {
  if (!(store instanceof MemoryTokenStore) || !isOneOfSeveral()) return;
  logger.warn(
    'MemoryTokenStore is not shared, but this is one of several workers: each of them mints its own tokens. ' +
      'Use RedisTokenStore, or SqliteTokenStore when all workers are on one machine.',
  );
}

function isOneOfSeveral(): boolean {
  return cluster.isWorker || !isMainThread || process.env['NODE_APP_INSTANCE'] !== undefined;
}

import { isAbsolute } from 'node:path';
import { type RedisClientOptions } from '@liaoliaots/nestjs-redis';
import { giveUpWhenSilent } from '@mintonce/token-cache/redis';
import { Logger } from '@nestjs/common';
import { type Redis } from 'ioredis';
import { leaveReplica } from './leave-replica.js';

const CONNECT_TIMEOUT_MS = 2_000;
/** Frees what a silent server left open. Far above `storeTimeoutMs`: after a stall of the event loop ioredis' timer discards answers. */
const COMMAND_TIMEOUT_MS = 10_000;

/** Options of the client for the store. With ioredis' defaults a command may wait for ever. */
export function redisClient(url: string): RedisClientOptions {
  return {
    ...(isAbsolute(url) ? { path: url } : { url }),
    connectionName: 'mintonce',
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    maxRetriesPerRequest: 1,
    // A queued command would acquire a lease for a caller that has given up before.
    enableOfflineQueue: false,
    reconnectOnError: leaveReplica(),
    onClientCreated(client) {
      logOutages(client);
      giveUpWhenSilent(client);
    },
  };
}

/** Waits until the client is connected or has failed to connect, so that the first request does not find it connecting. */
export async function whenConnected(client: Redis): Promise<Redis> {
  if (client.status === 'ready') return client;
  return new Promise((resolve) => {
    const settle = () => {
      clearTimeout(timer);
      client.off('ready', settle).off('close', settle);
      resolve(client);
    };
    const timer = setTimeout(settle, CONNECT_TIMEOUT_MS);
    client.on('ready', settle).on('close', settle);
  });
}

/** Logs one line when Redis is lost and one when it is back, not one for each attempt to reconnect. */
function logOutages(client: Redis): void {
  const logger = new Logger('Redis');
  let isLost = false;
  client.on('error', (error: Error) => {
    if (!isLost) logger.error(`The token store cannot be reached, check REDIS_URL and the server: ${error.message}`);
    isLost = true;
  });
  client.on('ready', () => {
    if (isLost) logger.warn('The token store can be reached again');
    isLost = false;
  });
}

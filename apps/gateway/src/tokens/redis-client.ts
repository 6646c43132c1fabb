import { isAbsolute } from 'node:path';
import { type RedisClientOptions } from '@liaoliaots/nestjs-redis';
import { Logger } from '@nestjs/common';
import { type Redis } from 'ioredis';
import { leaveReplica } from './leave-replica.js';

const CONNECT_TIMEOUT_MS = 2_000;
const SILENCE_MS = 2_000;

/** Options of the client for the store. With ioredis' defaults a command would wait up to 10 s. */
export function redisClient(url: string): RedisClientOptions {
  return {
    ...(isAbsolute(url) ? { path: url } : { url }),
    connectionName: 'mintonce',
    connectTimeout: CONNECT_TIMEOUT_MS,
    // Callers give up earlier, after `storeTimeoutMs`. This timeout releases the commands that a silent server left open.
    commandTimeout: SILENCE_MS,
    maxRetriesPerRequest: 1,
    // A queued command would acquire a lease for a caller that has given up before.
    enableOfflineQueue: false,
    reconnectOnError: leaveReplica(),
    onClientCreated(client) {
      logOutages(client);
      giveUpSilentConnections(client);
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

/**
 * Closes a connection that does not answer PING. A peer that vanished sends no FIN: ioredis would keep the connection, and every
 * command on it would time out. Its `socketTimeout` is not used: that timer outlives a connection that was reset, and then
 * closes the next one.
 */
function giveUpSilentConnections(client: Redis): void {
  const beat = setInterval(() => {
    const { stream, status } = client;
    if (status !== 'ready') return;
    client.ping().catch(({ message }: Error) => {
      if (message === 'Command timed out') stream.destroy(new Error(`no answer within ${SILENCE_MS} ms`));
    });
  }, SILENCE_MS).unref();
  client.once('end', () => clearInterval(beat));
}

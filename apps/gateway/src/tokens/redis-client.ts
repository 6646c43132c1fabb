import { isAbsolute } from 'node:path';
import { type RedisClientOptions } from '@liaoliaots/nestjs-redis';
import { Logger } from '@nestjs/common';
import { type Redis } from 'ioredis';

const CONNECT_TIMEOUT_MS = 2_000;
const SILENCE_MS = 2_000;

/** Options of the connection to the store; ioredis' own would let a command wait for 10 s. */
export function redisClient(url: string): RedisClientOptions {
  return {
    ...(isAbsolute(url) ? { path: url } : { url }),
    connectionName: 'mintonce',
    connectTimeout: CONNECT_TIMEOUT_MS,
    // Callers give up sooner, after `storeTimeoutMs`; this frees what a silent server left behind.
    commandTimeout: SILENCE_MS,
    maxRetriesPerRequest: 1,
    // A command that waited for the connection would take a lease for a caller who has long since given up.
    enableOfflineQueue: false,
    onClientCreated(client) {
      logOutages(client);
      giveUpSilentConnections(client);
    },
  };
}

/** The client, once it is connected or known not to be: a first request must not find a store that is still connecting. */
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

/** One line when Redis is lost and one when it is back, not one per attempt to reconnect. */
function logOutages(client: Redis): void {
  const logger = new Logger('Redis');
  let isLost = false;
  client.on('error', (error: Error) => {
    if (!isLost) logger.error(`The token store cannot be reached: ${error.message}`);
    isLost = true;
  });
  client.on('ready', () => {
    if (isLost) logger.warn('The token store is back');
    isLost = false;
  });
}

/**
 * A peer that vanished sends no FIN: ioredis would keep the connection, and every command on it would time out. Not with its
 * `socketTimeout`, whose timer outlives a connection that was reset, and then ends the one that took its place.
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

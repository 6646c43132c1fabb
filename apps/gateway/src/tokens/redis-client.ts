import { Logger } from '@nestjs/common';
import { type Cluster, type Redis } from 'ioredis';
import { ConfigError } from '../config/config.error.js';
import { lastConnectionFailure } from './redis-connectors.js';

/** Longest time to connect. */
export const CONNECT_TIMEOUT_MS = 2_000;

/**
 * Waits until the client is connected or has failed to connect, so that the first request does not find it connecting.
 *
 * @throws ConfigError when the server has no such database; ioredis would use the first one
 */
export async function whenConnected<Client extends Redis | Cluster>(client: Client): Promise<Client> {
  await settled(client);
  if (client.isCluster || client.status !== 'ready') return client;
  await (client as Redis).select((client as Redis).options.db ?? 0).catch(({ message }: Error) => {
    if (!message.includes('DB index is out of range')) return;
    client.disconnect();
    throw new ConfigError([{ path: 'redis.db', problem: 'is no database of this server; choose a lower number' }]);
  });
  return client;
}

function settled(client: Redis | Cluster): Promise<void> | undefined {
  if (client.status === 'ready') return undefined;
  return new Promise((resolve) => {
    const settle = () => {
      clearTimeout(timer);
      client.off('ready', settle).off('close', settle);
      resolve();
    };
    const timer = setTimeout(settle, CONNECT_TIMEOUT_MS);
    client.on('ready', settle).on('close', settle);
  });
}

function reasonOf(error: Error & { lastNodeError?: Error }): string {
  const { message } = error.lastNodeError ?? error;
  const hidden = message.includes('Connection is closed') ? lastConnectionFailure()?.message : undefined;
  return hidden ? `${message} (${hidden})` : message;
}

/** Logs one line when Redis is lost and one when it is back, not one for each attempt to reconnect. */
export function logOutages(client: Redis | Cluster): void {
  const logger = new Logger('Redis');
  let isLost = false;
  client.on('error', (error: Error & { lastNodeError?: Error }) => {
    if (!isLost) {
      logger.error(
        `The token store cannot be reached, check redis in the file, or REDIS_URL, and the server: ${reasonOf(error)}`,
      );
    }
    isLost = true;
  });
  client.on('ready', () => {
    if (isLost) logger.warn('The token store can be reached again');
    isLost = false;
  });
}

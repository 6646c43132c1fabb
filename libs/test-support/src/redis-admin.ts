import { Redis } from 'ioredis';
import { type RedisServer } from './redis.js';

/** A connection past all proxies, which comes back by itself and waits no longer than 10 s for a server that is stopped. */
export function redisAdmin(address: Pick<RedisServer, 'socketPath'> | { port: number }): Redis {
  const target = 'socketPath' in address ? { path: address.socketPath } : address;
  const admin = new Redis({ ...target, commandTimeout: 10_000, maxRetriesPerRequest: 1, retryStrategy: () => 50 });
  admin.on('error', () => undefined);
  return admin;
}

/** A field of INFO. */
export async function infoOf(admin: Redis, field: string): Promise<string | undefined> {
  return new RegExp(`^${field}:(.*?)\r?$`, 'm').exec(await admin.info())?.[1];
}

import { isLoopback } from '@mintonce/token-cache/oauth';
import { Logger } from '@nestjs/common';
import { type GatewayConfig } from '../config/load-config.js';
import { type RedisAddress, type RedisConfig } from '../config/redis/redis-config.js';

type StoreConfig = Pick<GatewayConfig, 'store' | 'sqlitePath' | 'redis' | 'encryption'>;

/** Says at the start where tokens are shared and whether they are encrypted there. */
export function tellStore(config: StoreConfig): void {
  const logger = new Logger('Gateway');
  logger.log(storeLine(config));
  if (travelsInTheClear(config)) {
    logger.warn('Tokens travel to Redis in the clear: give redis.tls or a rediss:// URL, or the section encryption');
  }
}

/** Where tokens are shared, and whether they are encrypted there; without a password. */
export function storeLine({ store, sqlitePath, redis, encryption }: StoreConfig): string {
  if (store === 'memory') return 'Tokens are in the memory of each worker alone';
  const place = redis ? `Redis (${placesOf(redis)}${redis.tls ? ', TLS' : ''})` : `SQLite (${sqlitePath})`;
  const [first, ...others] = encryption ?? [];
  if (!first) return `Tokens are shared in ${place}, not encrypted`;
  const older = others.map(({ id }) => id).join(', ');
  return `Tokens are shared in ${place}, encrypted with the key ${first.id}${older && `; older ones are opened with ${older}`}`;
}

function travelsInTheClear({ redis, encryption }: StoreConfig): boolean {
  if (!redis || redis.tls || encryption) return false;
  return hostsOf(redis.address).some((host) => !isLoopback(host));
}

function placesOf({ address }: RedisConfig): string {
  switch (address.kind) {
    case 'socket':
      return address.path;
    case 'url':
      return new URL(address.url).host;
    case 'host':
      return `${address.host}:${address.port}`;
    case 'sentinels':
      return `${address.name}, by ${address.sentinels.length} Sentinels`;
    case 'cluster':
      return `a cluster, by ${address.nodes.length} of its nodes`;
  }
}

function hostsOf(address: RedisAddress): readonly string[] {
  switch (address.kind) {
    case 'socket':
      return [];
    case 'url':
      return [new URL(address.url).hostname];
    case 'host':
      return [address.host];
    case 'sentinels':
      return address.sentinels.map(({ host }) => host);
    case 'cluster':
      return address.nodes.map(({ host }) => host);
  }
}

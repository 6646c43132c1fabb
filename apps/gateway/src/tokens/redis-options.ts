import { type ClusterClientOptions, type RedisClientOptions } from '@liaoliaots/nestjs-redis';
import { giveUpWhenSilent } from '@mintonce/token-cache/redis';
import { type Cluster, type Redis, type RedisOptions, type SentinelConnectionOptions } from 'ioredis';
import { type RedisAddress, type RedisConfig } from '../config/redis/redis-config.js';
import { type Secret, valueOf } from '../config/secret.js';
import { leaveReplica } from './leave-replica.js';
import { CONNECT_TIMEOUT_MS, logOutages } from './redis-client.js';
import { TolerantConnector, TolerantSentinelConnector } from './redis-connectors.js';
import { liveTls, readAtEachConnection } from './redis-credentials.js';

/** Frees what a silent server left open. Far above `storeTimeoutMs`: after a stall of the event loop ioredis' timer discards answers. */
const COMMAND_TIMEOUT_MS = 10_000;

/** What all connections have in common. With ioredis' defaults a command may wait for ever. */
const CONNECTION: RedisOptions = {
  connectionName: 'mintonce',
  connectTimeout: CONNECT_TIMEOUT_MS,
  commandTimeout: COMMAND_TIMEOUT_MS,
  maxRetriesPerRequest: 1,
};

/** Options of the client for one server, or for the primary that Sentinels name. */
export function redisClient(config: RedisConfig): RedisClientOptions {
  const { address, username, password, db, keyPrefix, tls } = config;
  const sentinelPassword = address.kind === 'sentinels' ? address.password : undefined;
  return withoutUndefined({
    ...CONNECTION,
    ...placeOf(address),
    // A queued command would acquire a lease for a caller that has given up before.
    enableOfflineQueue: false,
    reconnectOnError: leaveReplica(),
    username,
    password: textOf(password),
    db,
    keyPrefix,
    tls: tls && liveTls(tls),
    Connector: (address.kind === 'sentinels'
      ? TolerantSentinelConnector
      : TolerantConnector) as RedisOptions['Connector'],
    enableTLSForSentinelMode: tls !== undefined,
    onClientCreated(client: Redis) {
      readAtEachConnection(client, { password, sentinelPassword });
      logOutages(client);
      giveUpWhenSilent(client);
    },
  });
}

/** Options of the client for a cluster. */
export function clusterClient(config: RedisConfig): ClusterClientOptions {
  const { address, username, password, keyPrefix, tls } = config;
  const redisOptions = withoutUndefined({
    ...CONNECTION,
    username,
    password: textOf(password),
    tls: tls && liveTls(tls),
    Connector: TolerantConnector as RedisOptions['Connector'],
  });
  return withoutUndefined({
    nodes: address.kind === 'cluster' ? [...address.nodes] : [],
    redisOptions,
    keyPrefix,
    enableOfflineQueue: false,
    slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
    // A certificate names the host of a node, not the address that the name stands for.
    dnsLookup: tls && ((host: string, found: (error: null, address: string) => void) => found(null, host)),
    onClientCreated(cluster: Cluster) {
      readAtEachConnection({ options: redisOptions }, { password });
      logOutages(cluster);
      giveUpWhenSilent(cluster);
      cluster.on('+node', (node: Redis) => readAtEachConnection(node, { password }));
    },
  });
}

function placeOf(address: RedisAddress): RedisClientOptions {
  switch (address.kind) {
    case 'socket':
      return { path: address.path };
    case 'url':
      return { url: address.url };
    case 'host':
      return { host: address.host, port: address.port };
    case 'sentinels':
      return sentinelOptions(address);
    case 'cluster':
      throw new Error('A cluster has a client of its own');
  }
}

function sentinelOptions(address: Extract<RedisAddress, { kind: 'sentinels' }>): SentinelConnectionOptions {
  const { sentinels, name, username, password, tls } = address;
  return withoutUndefined({
    sentinels: [...sentinels],
    name,
    sentinelUsername: username,
    sentinelPassword: textOf(password),
    sentinelTLS: tls && liveTls(tls),
    sentinelCommandTimeout: CONNECT_TIMEOUT_MS,
  });
}

function textOf(secret: Secret | undefined): string | undefined {
  return secret === undefined ? undefined : valueOf(secret);
}

/** ioredis takes an option that is there and undefined for set. */
function withoutUndefined<Options extends object>(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options;
}

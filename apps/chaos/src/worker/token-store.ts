import { type TokenStore } from '@mintonce/token-cache';
import { giveUpWhenSilent, RedisTokenStore } from '@mintonce/token-cache/redis';
import { SqliteTokenStore } from '@mintonce/token-cache/sqlite';
import { Cluster, Redis } from 'ioredis';
import { type StoreSettings } from '../messages.js';

/** As docs/stores.md recommends. */
const CLIENT = { commandTimeout: 10_000, maxRetriesPerRequest: 1, connectTimeout: 1_000 };
const HOST = '127.0.0.1';

export interface OpenStore {
  readonly store: TokenStore;
  /** Closes what the application opened, as opposed to what the store did. */
  close(): Promise<void>;
}

export function openStore(settings: StoreSettings): OpenStore {
  if (settings.kind === 'sqlite') {
    return { store: new SqliteTokenStore({ path: settings.path }), close: async () => undefined };
  }
  const client = clientFor(settings);
  // Redis comes and goes here; without a listener each attempt to reconnect would be a line of output.
  client.on('error', () => undefined);
  giveUpWhenSilent(client);
  return { store: new RedisTokenStore(client), close: async () => client.disconnect() };
}

function clientFor(settings: Exclude<StoreSettings, { kind: 'sqlite' }>): Redis | Cluster {
  switch (settings.kind) {
    case 'redis':
      return new Redis({ ...CLIENT, host: HOST, port: settings.port, password: settings.password });
    case 'sentinel':
      return new Redis({
        ...CLIENT,
        sentinels: settings.ports.map((port) => ({ host: HOST, port })),
        name: settings.name,
        sentinelCommandTimeout: 500,
      });
    case 'cluster':
      return new Cluster(
        settings.ports.map((port) => ({ host: HOST, port })),
        { redisOptions: CLIENT },
      );
  }
}

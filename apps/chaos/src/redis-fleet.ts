import { Redis } from 'ioredis';
import { type FaultProxy, faultProxy, type RedisServer, startRedis, startTogether } from '@mintonce/test-support';
import { Fleet, type FleetOptions, WORKERS } from './fleet.js';
import { immortalKeys } from './immortal-keys.js';

export interface RedisFleetOptions extends Omit<FleetOptions, 'store' | 'inspect'> {
  /** More arguments for the server. */
  args?: readonly string[];
  /** Of the server, and known to the workers. @defaultValue none */
  password?: string;
  /** Gives each worker a proxy of its own. @defaultValue false: connected directly */
  proxied?: boolean;
}

/** A fleet on a Redis of its own. */
export interface RedisFleet {
  readonly fleet: Fleet;
  readonly redis: RedisServer;
  /** Ours, past all proxies. */
  readonly admin: Redis;
  /** The proxy of each worker, in the order of the workers. */
  readonly proxies: readonly FaultProxy[];
  stop(): Promise<void>;
}

export function startRedisFleet(options: RedisFleetOptions = {}): Promise<RedisFleet> {
  const { args = [], password, proxied = false, workers = WORKERS, ...rest } = options;
  const secured = password === undefined ? [] : ['--requirepass', password];
  return startTogether(async (running) => {
    const redis = running.add(await startRedis({ args: ['--enable-debug-command', 'local', ...secured, ...args] }));
    const admin = new Redis({ path: redis.socketPath, password, retryStrategy: () => 50, maxRetriesPerRequest: null });
    admin.on('error', () => undefined);
    running.onStop(() => admin.disconnect());
    const proxies = await Promise.all(
      Array.from({ length: proxied ? workers : 0 }, () => faultProxy({ target: redis })),
    );
    proxies.forEach((proxy) => running.add(proxy));
    const fleet = await Fleet.start({
      ...rest,
      workers,
      store: (worker) => ({ kind: 'redis', port: proxies[worker]?.port ?? redis.port, password }),
      inspect: () => immortalKeys([admin]),
    });
    running.add(fleet);
    return { fleet, redis, admin, proxies, stop: () => running.stop() };
  });
}

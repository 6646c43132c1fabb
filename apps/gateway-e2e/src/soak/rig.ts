import {
  type FaultProxy,
  faultProxy,
  ProcessFaults,
  type RunningParts,
  startTogether,
  temporaryDirectory,
} from '@mintonce/test-support';
import { Redis } from 'ioredis';
import { type FleetOptions, startFleet } from '../fleet.js';
import { Expenses } from './expenses.js';
import { type Rig } from './fault.js';
import { INTEGRATIONS, POLICY, TOKEN_LIFETIME_MS } from './policy.js';

export interface RunningRig extends Rig {
  stop(): Promise<void>;
}

/** The gateway under PM2, with something to break on each of its ways out. */
export function startRig(store: 'redis' | 'sqlite', workers: number): Promise<RunningRig> {
  return startTogether((running) => start(running, store, workers));
}

async function start(running: RunningParts, store: 'redis' | 'sqlite', workers: number): Promise<RunningRig> {
  const proxies: Partial<Record<'redis' | 'upstream', FaultProxy>> = {};
  const directory = temporaryDirectory();
  running.onStop(() => directory.remove());
  const processFaults = new ProcessFaults(directory.path);
  const options: FleetOptions = {
    store,
    workers,
    policy: POLICY,
    integrations: INTEGRATIONS,
    // Hours of lines of what went well would fill the disk.
    file: { log: { sampleSuccesses: 0 } },
    env: processFaults.env,
    redisArgs: ['--enable-debug-command', 'local', '--maxmemory-policy', 'noeviction'],
    via: async (to, port) => (proxies[to] = running.add(await faultProxy({ target: { port } }))).port,
  };
  const fleet = running.add(await startFleet(options));
  await fleet.idp.configure({ tokenLifetimeMs: TOKEN_LIFETIME_MS });
  const toUpstream = proxies.upstream as FaultProxy;
  return {
    fleet,
    toUpstream,
    processFaults,
    ...(proxies.redis && { toRedis: proxies.redis }),
    expenses: new Expenses(),
    async redis(work) {
      const client = new Redis(fleet.redis?.socketPath ?? '', { connectionName: 'soak', maxRetriesPerRequest: 1 });
      try {
        return await work(client);
      } finally {
        client.disconnect();
      }
    },
    workers: async () => (await fleet.pm2.list()).map(({ pid }) => pid).filter((pid) => pid > 0),
    stop: () => running.stop(),
  };
}

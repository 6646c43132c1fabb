import { type RedisCluster, startCluster, startTogether, waitFor } from '@mintonce/test-support';
import { Fleet, type FleetOptions } from './fleet.js';
import { immortalKeys } from './immortal-keys.js';

/** A fleet on a cluster of three masters and three replicas. */
export interface ClusterFleet {
  readonly fleet: Fleet;
  readonly cluster: RedisCluster;
  stop(): Promise<void>;
}

export function startClusterFleet(fleetOptions: Omit<FleetOptions, 'store' | 'inspect'> = {}): Promise<ClusterFleet> {
  return startTogether(async (running) => {
    const cluster = running.add(await startCluster({ masters: 3, replicas: 3 }));
    const masters = async () => (await cluster.masters()).map((master) => cluster.admin(master));
    const fleet = await Fleet.start({
      ...fleetOptions,
      store: () => ({ kind: 'cluster', ports: cluster.ports }),
      // A server may still take one for a master that is gone.
      inspect: () => waitFor(async () => immortalKeys(await masters())),
    });
    running.add(fleet);
    return { fleet, cluster, stop: () => running.stop() };
  });
}

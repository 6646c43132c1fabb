import { type RedisCluster, startCluster, waitFor } from '@mintonce/test-support';
import { Fleet, type FleetOptions } from './fleet.js';
import { immortalKeys } from './immortal-keys.js';

/** A fleet on a cluster of three masters and three replicas. */
export interface ClusterFleet {
  readonly fleet: Fleet;
  readonly cluster: RedisCluster;
  stop(): Promise<void>;
}

export async function startClusterFleet(
  fleetOptions: Omit<FleetOptions, 'store' | 'inspect'> = {},
): Promise<ClusterFleet> {
  const cluster = await startCluster({ masters: 3, replicas: 3 });
  try {
    const fleet = await Fleet.start({
      ...fleetOptions,
      store: () => ({ kind: 'cluster', ports: cluster.ports }),
      // A server may still take one for a master that is gone.
      inspect: () =>
        waitFor(async () => immortalKeys((await cluster.masters()).map((master) => cluster.admin(master)))),
    });
    const stop = async (): Promise<void> => {
      await fleet.stop();
      await cluster.stop();
    };
    return { fleet, cluster, stop };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

import { type RedisSentinel, type RedisSentinelOptions, startSentinel } from '@mintonce/test-support';
import { Fleet, type FleetOptions } from './fleet.js';
import { immortalKeys } from './immortal-keys.js';

/** A fleet on a master and its replicas, behind Sentinels. */
export interface SentinelFleet {
  readonly fleet: Fleet;
  readonly rig: RedisSentinel;
  stop(): Promise<void>;
}

export async function startSentinelFleet(
  rigOptions: RedisSentinelOptions = {},
  fleetOptions: Omit<FleetOptions, 'store' | 'inspect'> = {},
): Promise<SentinelFleet> {
  const rig = await startSentinel(rigOptions);
  try {
    const fleet = await Fleet.start({
      ...fleetOptions,
      store: () => ({ kind: 'sentinel', ports: rig.ports, name: rig.name }),
      inspect: async () => immortalKeys([rig.admin(await rig.master())]),
    });
    const stop = async (): Promise<void> => {
      await fleet.stop();
      await rig.stop();
    };
    return { fleet, rig, stop };
  } catch (error) {
    await rig.stop();
    throw error;
  }
}

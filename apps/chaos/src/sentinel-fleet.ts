import { type RedisSentinel, type RedisSentinelOptions, startSentinel, startTogether } from '@mintonce/test-support';
import { Fleet, type FleetOptions } from './fleet.js';
import { immortalKeys } from './immortal-keys.js';

/** A fleet on a master and its replicas, behind Sentinels. */
export interface SentinelFleet {
  readonly fleet: Fleet;
  readonly rig: RedisSentinel;
  stop(): Promise<void>;
}

export function startSentinelFleet(
  rigOptions: RedisSentinelOptions = {},
  fleetOptions: Omit<FleetOptions, 'store' | 'inspect'> = {},
): Promise<SentinelFleet> {
  return startTogether(async (running) => {
    const rig = running.add(await startSentinel(rigOptions));
    const fleet = await Fleet.start({
      ...fleetOptions,
      store: () => ({ kind: 'sentinel', ports: rig.ports, name: rig.name }),
      inspect: async () => immortalKeys([rig.admin(await rig.master())]),
    });
    running.add(fleet);
    return { fleet, rig, stop: () => running.stop() };
  });
}

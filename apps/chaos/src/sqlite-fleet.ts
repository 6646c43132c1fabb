import { join } from 'node:path';
import { startTogether, temporaryDirectory } from '@mintonce/test-support';
import { Fleet, type FleetOptions } from './fleet.js';

/** A fleet on the embedded store. */
export function startSqliteFleet(options: Omit<FleetOptions, 'store' | 'inspect'> = {}): Promise<{
  fleet: Fleet;
  stop(): Promise<void>;
}> {
  return startTogether(async (running) => {
    const directory = temporaryDirectory();
    running.onStop(() => directory.remove());
    const path = join(directory.path, 'tokens.sqlite');
    const fleet = running.add(await Fleet.start({ ...options, store: () => ({ kind: 'sqlite', path }) }));
    return { fleet, stop: () => running.stop() };
  });
}

import { join } from 'node:path';
import { temporaryDirectory } from '@mintonce/test-support';
import { Fleet, type FleetOptions } from './fleet.js';

/** A fleet on the embedded store. */
export async function startSqliteFleet(options: Omit<FleetOptions, 'store' | 'inspect'> = {}): Promise<{
  fleet: Fleet;
  stop(): Promise<void>;
}> {
  const directory = temporaryDirectory();
  const path = join(directory.path, 'tokens.sqlite');
  try {
    const fleet = await Fleet.start({ ...options, store: () => ({ kind: 'sqlite', path }) });
    return { fleet, stop: () => fleet.stop().finally(() => directory.remove()) };
  } catch (error) {
    directory.remove();
    throw error;
  }
}

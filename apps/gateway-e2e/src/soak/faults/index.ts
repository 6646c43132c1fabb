import { type Fault } from '../fault.js';
import { IDENTITY_PROVIDER_FAULTS } from './identity-provider-faults.js';
import { REDIS_FAULTS } from './redis-faults.js';
import { UPSTREAM_FAULTS } from './upstream-faults.js';
import { WORKER_FAULTS } from './worker-faults.js';

/** All that can happen to a gateway with this store. */
export function faultsOf(store: 'redis' | 'sqlite'): Fault[] {
  const all = [...WORKER_FAULTS, ...REDIS_FAULTS, ...IDENTITY_PROVIDER_FAULTS, ...UPSTREAM_FAULTS];
  return all.filter((fault) => fault.store === undefined || fault.store === store);
}

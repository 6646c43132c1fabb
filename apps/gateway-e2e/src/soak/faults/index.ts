import { type Fault } from '../fault.js';
import { IDENTITY_PROVIDER_FAULTS } from './identity-provider-faults.js';
import { REDIS_FAULTS } from './redis-faults.js';
import { UPSTREAM_FAULTS } from './upstream-faults.js';
import { WORKER_FAULTS } from './worker-faults.js';

/**
 * Of these faults the ones whose names contain one of those parts; all of them if no part is given.
 *
 * @throws TypeError naming all faults, when a part names none
 */
export function chosen(faults: readonly Fault[], parts: readonly string[]): Fault[] {
  const isNamed = (part: string) => (fault: Fault) => fault.name.toLowerCase().includes(part.toLowerCase());
  const unknown = parts.find((part) => !faults.some(isNamed(part)));
  if (unknown !== undefined)
    throw new TypeError(
      `No fault is named "${unknown}"; there are:\n${faults.map(({ name }) => `  ${name}`).join('\n')}`,
    );
  return parts.length === 0 ? [...faults] : faults.filter((fault) => parts.some((part) => isNamed(part)(fault)));
}

/** All that can happen to a gateway with this store. */
export function faultsOf(store: 'redis' | 'sqlite'): Fault[] {
  const all = [...WORKER_FAULTS, ...REDIS_FAULTS, ...IDENTITY_PROVIDER_FAULTS, ...UPSTREAM_FAULTS];
  return all.filter((fault) => fault.store === undefined || fault.store === store);
}

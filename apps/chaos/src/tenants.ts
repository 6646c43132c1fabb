import { type RedisCluster } from '@mintonce/test-support';
import { type Fleet } from './fleet.js';
import { type Trial } from './trial.js';

/** One key of many, and where a cluster keeps it. */
export interface Tenant {
  readonly trial: Trial;
  readonly slot: number;
}

/** Keys that nobody asked for yet, each with a token in the store. */
export async function openTenants(fleet: Fleet, cluster: RedisCluster, count: number): Promise<Tenant[]> {
  const tenants: Tenant[] = [];
  for (let opened = 0; opened < count; opened++) {
    const trial = await fleet.trial();
    tenants.push({ trial, slot: await slotOfNext(cluster, () => trial.burst(1)) });
  }
  return tenants;
}

/** The slot of the key that comes up while something is done. */
export async function slotOfNext(cluster: RedisCluster, act: () => Promise<unknown>): Promise<number> {
  const before = new Set(await storedKeys(cluster));
  await act();
  const added = (await storedKeys(cluster)).find((key) => !before.has(key) && /\}:.*:[tl]$/.test(key));
  if (added === undefined) throw new Error('No key was added to the store');
  return await cluster.slotOf(added);
}

/** All keys of the store, on whatever master. */
export async function storedKeys(cluster: RedisCluster): Promise<string[]> {
  const found = await Promise.all((await cluster.masters()).map((master) => cluster.admin(master).keys('mintonce:*')));
  return found.flat();
}

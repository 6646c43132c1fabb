import { LRUCache } from 'lru-cache';

/**
 * A map of the entries that were used last. It grows with its entries: given a `max`, lru-cache takes the memory for all of
 * them at once, which costs a process some milliseconds for each map at its start.
 *
 * @param max how many entries are kept
 */
export function recentlyUsed<Value extends NonNullable<unknown>>(max: number): LRUCache<string, Value> {
  return new LRUCache({ maxSize: max, sizeCalculation: () => 1 });
}

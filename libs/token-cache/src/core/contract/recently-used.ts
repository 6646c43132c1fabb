import { LRUCache } from 'lru-cache';

/** Of how many keys a process remembers what befell them; to forget one costs a request or two. */
const REMEMBERED_KEYS = 10_000;

/**
 * A map of the entries that were used last. It grows with its entries: given a `max`, lru-cache takes the memory for all of
 * them at once, which costs a process some milliseconds for each map at its start.
 *
 * @param max how many entries are kept; the default is for what befell keys
 */
export function recentlyUsed<Value extends NonNullable<unknown>>(max = REMEMBERED_KEYS): LRUCache<string, Value> {
  return new LRUCache({ maxSize: max, sizeCalculation: () => 1 });
}

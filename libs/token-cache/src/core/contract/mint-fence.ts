import { isPurge } from './concerns.js';
import { type TokenStoreEvent } from './token-store.js';

/** Whether an event voids what was minted under that fence: a purge deletes it, a rejection marks it. */
export function voids(event: Pick<TokenStoreEvent, 'type' | 'fence'>, fence: number): boolean {
  return (isPurge(event) || event.type === 'invalidated') && fence <= event.fence;
}

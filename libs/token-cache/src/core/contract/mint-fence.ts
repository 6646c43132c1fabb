import { type TokenStoreEvent } from './token-store.js';

/** Whether an event voids what was minted under that fence: a purge deletes it, a rejection marks it. */
export function voids({ type, fence: upTo }: Pick<TokenStoreEvent, 'type' | 'fence'>, fence: number): boolean {
  return (type === 'purged' || type === 'invalidated') && fence <= upTo;
}

import { type TokenStoreEvent } from '../core/contract/token-store.js';

/** What an event is about: a key, or a group of keys. */
export function nameIn(event: TokenStoreEvent): string {
  return event.type === 'purged-group' ? event.group : event.keyId;
}

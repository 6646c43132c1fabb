import { type TokenGroupEvent, type TokenKeyEvent } from './token-store.js';

/** What a process hears of one key: an event of the store, or that of a purge whose fence the store did not tell. */
export type HeardKeyEvent = TokenKeyEvent | (Pick<TokenKeyEvent, 'keyId'> & PurgeWithoutFence<'purged'>);

/** The same of a group of keys. */
export type HeardGroupEvent = TokenGroupEvent | (Pick<TokenGroupEvent, 'group'> & PurgeWithoutFence<'purged-group'>);

export type HeardEvent = HeardKeyEvent | HeardGroupEvent;

/** A purge that the store did not answer to: whatever this process has is void, under any fence. */
interface PurgeWithoutFence<Type> {
  readonly type: Type;
  readonly fence?: undefined;
}

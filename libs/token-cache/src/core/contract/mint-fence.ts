import { type TokenStoreEvent } from './token-store.js';

/** A mint that no lease covers has no place in the order of fences. */
export const WITHOUT_LEASE = 'without lease';

/** The fence that a token is minted under. */
export type MintFence = number | typeof WITHOUT_LEASE;

/**
 * Whether an event voids what is minted under that fence. A purge voids every mint without a lease, whose place among the
 * others is unknown; a rejection concerns only tokens that the store has or had.
 */
export function voids({ type, fence: upTo }: Pick<TokenStoreEvent, 'type' | 'fence'>, fence: MintFence): boolean {
  if (fence === WITHOUT_LEASE) return type === 'purged';
  return (type === 'purged' || type === 'invalidated') && fence <= upTo;
}

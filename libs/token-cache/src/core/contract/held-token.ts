import { isPurge } from './concerns.js';
import { type HeardEvent } from './heard-event.js';
import { voids } from './mint-fence.js';
import { type Moment } from './moment.js';
import { type FreshToken } from './token-content.js';
import { type Lease } from './token-store.js';
import { type Token } from './token.js';

/** How far the store knows of a token in hand. */
export type Sharing =
  | { readonly state: 'shared' }
  /** Its commit under that lease got no answer. */
  | { readonly state: 'unanswered'; readonly lease: Lease }
  /** It was minted without a lease, or lost its lease to a process that shares no token, or one that ends sooner. */
  | { readonly state: 'unshared' };

/**
 * A token in the hand of this process; it never changes. Its generation is the fence that it was minted under; without a lease, the
 * number right above the newest fence that the process had seen.
 */
export interface HeldToken {
  readonly token: Token;
  /** The token as callers get it: one promise for all of them, resolved from the start. */
  readonly given: Promise<Token>;
  /** Hard expiry. */
  readonly ends: Moment;
  /** For how long it could be used when it was minted, if that is known. */
  readonly lifeMs?: number | undefined;
  /** Ms of the monotonic clock, as the two instants below. */
  readonly refreshAt: number;
  /** When this process had it first. */
  readonly obtainedAt: number;
  /** From when on it is due to be refreshed, or shared if it is not; sooner if the fleet shares a newer one. */
  readonly tendAt: number;
  readonly sharing: Sharing;
  /** The generation that it had in this process before it was shared under the present one. */
  readonly formerGeneration?: number;
}

/** Whether these are one token under one generation, whatever else has been learnt of it. */
export function isSameToken(one: HeldToken | undefined, other: HeldToken): boolean {
  return one?.token === other.token;
}

/** Whether that is a generation of this token. */
export function hasGeneration({ token, formerGeneration }: HeldToken, generation: number): boolean {
  return token.generation === generation || formerGeneration === generation;
}

/** Whether it is the token that a caller was refused with, if the caller was. */
export function isRefused(held: HeldToken, refusedGeneration: number | undefined): boolean {
  return refusedGeneration !== undefined && hasGeneration(held, refusedGeneration);
}

/** Whether an event voids this token; a rejection concerns only what the fleet shares. */
export function isVoidedBy(event: Pick<HeardEvent, 'type' | 'fence'>, { sharing, token }: HeldToken): boolean {
  return (sharing.state !== 'unshared' || isPurge(event)) && voids(event, token.generation);
}

/** What was minted, as far as it is still known. */
export function freshFrom({ token, ends, refreshAt, lifeMs }: HeldToken): FreshToken {
  const { accessToken, tokenType, scope, expiresAt } = token;
  const refreshWindowMs = ends.monotonicAt - refreshAt;
  return { content: { accessToken, tokenType, scope, expiresAt, refreshWindowMs, lifeMs }, ends };
}

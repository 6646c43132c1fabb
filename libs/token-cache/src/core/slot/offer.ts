import { type AnsweredSince, type Offered } from '../contract/token-store.js';
import {
  after,
  isMarked,
  NO_LEASE,
  NOTHING,
  type Slot,
  type Step,
  tokenOf,
  voidedUpTo,
} from './slot-state.js';

/** A token that is offered, as `TokenStore.offer` is told. */
export interface Offer {
  readonly generation: number;
  readonly payload: string;
  readonly ttlMs: number;
  readonly since?: AnsweredSince;
}

/** Publishes a token without a lease, unless the store has a better one or knows that this one is void. */
export function offer(known: Slot | undefined, offered: Offer, now: number): Step<Offered> {
  const { generation, payload } = offered;
  const slot = known ?? NOTHING;
  if (generation <= voidedUpTo(slot)) return { answer: { outcome: 'voided' } };
  const token = tokenOf(slot, now);
  if (token && !isMarked(slot)) {
    const isAgain = token.fence === generation && token.payload === payload;
    return { answer: isAgain ? { outcome: 'stored' } : { outcome: 'superseded', token } };
  }
  const lifeMs = offered.ttlMs - lateMs(offered.since, now);
  if (generation < slot.published || isToBeCommitted(slot, generation) || lifeMs <= 0) {
    return { answer: { outcome: 'superseded' } };
  }
  return {
    answer: { outcome: 'stored' },
    slot: {
      ...slot,
      // A lease below what is published could not commit any more.
      ...(generation > slot.fence && NO_LEASE),
      fence: Math.max(slot.fence, generation),
      published: generation,
      payload,
      tokenEndsAt: after(now, lifeMs),
      invalidated: NOTHING.invalidated,
      voided: voidedUpTo(slot),
    },
  };
}

/** Whether that is the fence of a lease, which publishes by a commit. */
function isToBeCommitted({ fence, published }: Slot, generation: number): boolean {
  return generation === fence && generation !== published;
}

/** What an offer took to arrive, as far as it tells. */
function lateMs(since: AnsweredSince | undefined, now: number): number {
  if (!since) return 0;
  return Math.max(0, Math.ceil(now - since.answeredAtUs / 1000 - since.sinceMs));
}

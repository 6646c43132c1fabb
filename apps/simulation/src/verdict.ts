import { type About } from './history.js';

/** A promise that did not hold. */
export interface Breach {
  readonly invariant: Invariant;
  readonly detail: string;
  /** What the history should be read for. */
  readonly about?: Pick<About, 'label' | 'process'>;
}

/** What is judged in every run, by the promise of the design that it belongs to. */
export const INVARIANTS = {
  'the fence of a lease is above every fence before it': 1,
  'there is one live lease at a time': 1,
  'the published fence never goes back': 1,
  'a fence publishes one token': 1,
  'a token is shared only under the newest fence': 1,
  'only the generation that was rejected is replaced': 1,
  'nothing lengthens the life of a published token': 1,
  'no token is minted without need': 2,
  'mints are within the bound': 2,
  'rejected tokens are replaced at most once per pace': 2,
  'every mint is counted once': 2,
  'every caller is counted once': 2,
  'the callers of one process ask the store together': 2,
  'no token is given out past hard expiry': 3,
  'no token is published past hard expiry': 3,
  'a caller is given a token that lives for as long as it asked': 3,
  'no token is given out for another request': 3,
  'no rejected token is given out while another can be had': 3,
  'no purged token is given out once the fleet knows': 3,
  'no token is shared again that was rejected or purged': 3,
  'no process goes back to an older token': 3,
  'a rejected token is not found': 3,
  'a refused call goes again with another token if one can be had': 3,
  'a dead holder is replaced in time': 4,
  'no process waits for itself': 4,
  'a process that hears nothing holds nobody up for longer than its lease': 4,
  'no caller waits past its deadline': 5,
  'a failing source is left alone for the cool-down': 5,
  'callers hear errors of this library only': 5,
  'nobody hears an error in calm weather': 5,
  "a refused call gets the upstream's answer, and no error": 5,
  'nobody hears an error while the fleet has a token': 5,
  'a sick process fails no callers but its own': 5,
  'who waits hears of the token at once': 5,
  'what is valid is found': 5,
  'nobody waits with a valid token in hand': 6,
  'nobody hears an error with a valid token in hand': 6,
  'a token is minted without the store only by policy and in need': 6,
  'the fleet recovers by itself': 6,
  'a schedule ends as it must': 0,
  'no rejection goes unhandled': 0,
  'nothing unexpected is logged': 0,
  'a shared token costs one call of the store': 0,
  'a mint costs two calls of the store': 0,
  'who waits asks the store again only with a reason': 0,
  'a cool-down is asked of the store once a second': 0,
  'nothing runs in a hot loop': 0,
  'a shutdown ends in time and leaves nothing behind': 0,
} as const;

export type Invariant = keyof typeof INVARIANTS;

/** Where a run notes the first promise that breaks. */
export class Verdict {
  breach?: Breach;

  /** Notes a breach unless the condition holds. */
  expect(condition: boolean, invariant: Invariant, detail: () => string, about?: Breach['about']): void {
    if (!condition) this.breach ??= { invariant, detail: detail(), ...(about && { about }) };
  }
}

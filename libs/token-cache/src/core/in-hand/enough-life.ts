import { leftMs, type Moment } from '../contract/moment.js';
import { type FreshToken } from '../contract/token-content.js';

/**
 * The life that a shared token needs to take the place of one that no other process has. One refresh window less will do:
 * otherwise processes that mint in one outage each bring in a token that ends a little later than the last one, and go on
 * with as many tokens. A token in its own refresh window will not do, since it would be replaced at once.
 */
export function enoughLifeMs({ ends, content: { refreshWindowMs } }: FreshToken, at: Moment): number {
  const lifeMs = leftMs(ends, at);
  return Math.max(lifeMs - refreshWindowMs, Math.min(refreshWindowMs, lifeMs));
}

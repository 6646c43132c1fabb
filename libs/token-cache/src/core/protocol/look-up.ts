import { type TokenKey } from '../config/token-key.js';
import { type Clock } from '../contract/clock.js';
import { type HeldToken } from '../contract/held-token.js';
import { momentOf } from '../contract/moment.js';
import { type Cooldown } from '../contract/token-store.js';
import { type TokensInHand } from '../in-hand/tokens-in-hand.js';
import { type StoreEvents } from '../store-client/store-events.js';
import { type Rejections } from './rejections.js';

/** What is known of a key without a mint; a token that is marked as rejected is left out. */
export interface Found {
  readonly held?: HeldToken;
  readonly cooldown?: Cooldown;
}

export interface LookUpParts {
  clock: Clock;
  rejections: Rejections;
  tokens: TokensInHand;
  storeEvents: StoreEvents;
}

/** Looks at what the fleet shares, without asking for the right to mint. */
export class LookUp {
  constructor(private readonly parts: LookUpParts) {}

  /** @throws TokenStoreUnavailableError when the store does not answer and this process holds no token */
  async look(key: TokenKey): Promise<Found> {
    const { clock, rejections, tokens, storeEvents } = this.parts;
    const watch = storeEvents.watch(key);
    const inHand = (): HeldToken | undefined => tokens.valid(key.id);
    try {
      const sentAt = momentOf(clock);
      const { token, isRejected, cooldown } = await rejections.peek(key);
      if (token && !isRejected) tokens.admit(key, token, sentAt, watch);
      // Whatever the store has, callers are given what is in hand now.
      return { held: inHand(), cooldown };
    } catch (error) {
      const held = inHand();
      if (held) return { held };
      throw error;
    } finally {
      watch.close();
    }
  }
}

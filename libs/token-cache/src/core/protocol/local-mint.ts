import { type TokenKey } from '../config/token-key.js';
import { type Clock } from '../contract/clock.js';
import { type HeldToken } from '../contract/held-token.js';
import { WITHOUT_LEASE } from '../contract/mint-fence.js';
import { type TokensInHand } from '../in-hand/tokens-in-hand.js';
import { errorOf } from '../source-client/cooldown.js';
import { type FailureMemory } from '../source-client/failure-memory.js';
import { type KeyWatch } from '../store-client/key-watch.js';
import { type Minting } from './minting.js';

export interface LocalMintParts {
  clock: Clock;
  tokens: TokensInHand;
  failures: FailureMemory;
  minting: Minting;
}

/** A mint without the store: for this process alone, which shares the token once the store answers again. */
export class LocalMint {
  /** By key: callers that were refused with a token have a flight of their own, and no lease keeps the two apart. */
  private readonly running = new Map<string, Promise<HeldToken | 'voided'>>();

  constructor(private readonly parts: LocalMintParts) {}

  /**
   * Mints, or joins the mint of that key.
   *
   * @returns `voided` when it was purged meanwhile
   * @throws TokenSourceError
   */
  mint(key: TokenKey, watch: KeyWatch): Promise<HeldToken | 'voided'> {
    const current = this.running.get(key.id);
    if (current) return current;
    const minted = this.mintOnce(key, watch).finally(() => this.running.delete(key.id));
    this.running.set(key.id, minted);
    return minted;
  }

  private async mintOnce(key: TokenKey, watch: KeyWatch): Promise<HeldToken | 'voided'> {
    const { clock, tokens, failures, minting } = this.parts;
    const failure = failures.recent(key);
    if (failure) throw errorOf(failure, key.integration.name);
    const sentAt = clock.monotonic();
    const ofNoUse = tokens.lastResort(key.id, sentAt);
    const minted = await minting.run(key, watch, {
      fence: WITHOUT_LEASE,
      reason: 'miss',
      keep: (fresh) => {
        if (watch.hasVoided(WITHOUT_LEASE)) return 'voided';
        // Its successor is kept although it may end earlier: otherwise the next call would mint again.
        if (ofNoUse) tokens.drop(key.id, ofNoUse);
        return { held: tokens.keep(key, fresh, clock.now() * 1_000, sentAt, { state: 'local' }), outcome: 'local' };
      },
      remember: (error) => failures.remember(key, error),
    });
    return minted === 'voided' ? minted : minted.held;
  }
}

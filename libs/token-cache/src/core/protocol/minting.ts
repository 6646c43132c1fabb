import { type TokenKey } from '../config/token-key.js';
import { type Clock } from '../contract/clock.js';
import { type HeldToken } from '../contract/held-token.js';
import { type MintFence } from '../contract/mint-fence.js';
import { type TokenSourceError } from '../contract/token-cache.errors.js';
import { type FreshToken } from '../contract/token-content.js';
import { type MintOutcome } from '../contract/token-observer.js';
import { type TokenObservers } from '../contract/token-observers.js';
import { type MintReason } from '../contract/token-store.js';
import { type FailureMemory } from '../source-client/failure-memory.js';
import { type SourceClient } from '../source-client/source-client.js';
import { type KeyWatch } from '../store-client/key-watch.js';

/** A token that was minted is `voided` when it was purged or rejected before it could be used. */
export type Minted = { readonly held: HeldToken; readonly outcome: Exclude<MintOutcome, 'failed'> } | 'voided';

/** How one mint departs from another: what is done with its token, and with its failure. */
export interface MintPlan {
  readonly fence: MintFence;
  readonly reason: MintReason;
  keep(fresh: FreshToken): Minted | Promise<Minted>;
  /** Remembers the failure; gives the error that callers see. */
  remember(error: TokenSourceError): TokenSourceError | Promise<TokenSourceError>;
  /** Called when the source has answered or failed. */
  answered?(): void;
}

export interface MintingParts {
  clock: Clock;
  sources: SourceClient;
  failures: FailureMemory;
  observers: TokenObservers;
}

/** Asks the source once, and reports what came of it. */
export class Minting {
  constructor(private readonly parts: MintingParts) {}

  /** @throws TokenSourceError unless a purge voided the mint, whose failure then concerns no caller */
  async run(key: TokenKey, watch: KeyWatch, plan: MintPlan): Promise<Minted> {
    const { clock, failures, observers } = this.parts;
    const startedAt = clock.monotonic();
    const report = (outcome: MintOutcome): void => {
      const durationMs = clock.monotonic() - startedAt;
      observers.notify('minted', key.integration.name, { outcome, reason: plan.reason, durationMs });
    };
    let fresh: FreshToken;
    try {
      fresh = await this.parts.sources.mint(key, plan.fence).finally(() => plan.answered?.());
    } catch (error) {
      const isVoided = watch.hasVoided(plan.fence);
      report(isVoided ? 'superseded' : 'failed');
      if (isVoided) return 'voided';
      const told = await plan.remember(error as TokenSourceError);
      observers.notify('mintFailed', key.integration.name, told);
      throw told;
    }
    failures.forget(key.id);
    const minted = await plan.keep(fresh);
    report(minted === 'voided' ? 'superseded' : minted.outcome);
    return minted;
  }
}

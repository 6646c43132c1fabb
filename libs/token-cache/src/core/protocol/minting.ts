import { type TokenKey } from '../config/token-key.js';
import { type Clock } from '../contract/clock.js';
import { type HeldToken } from '../contract/held-token.js';
import { type TokenSourceError } from '../contract/token-cache.errors.js';
import { type FormerToken, type FreshToken } from '../contract/token-content.js';
import { type MintOutcome } from '../contract/token-observer.js';
import { type TokenObservers } from '../contract/token-observers.js';
import { type MintContext } from '../contract/token-source.js';
import { type MintReason } from '../contract/token-store.js';
import { type FailureMemory } from '../source-client/failure-memory.js';
import { AskAgainError } from '../source-client/ask-again-error.js';
import { type SourceClient } from '../source-client/source-client.js';
import { type KeyWatch } from '../store-client/key-watch.js';

/** A token that was minted is `voided` when it was purged or rejected before it could be used. */
export type Minted = { readonly held: HeldToken; readonly outcome: Exclude<MintOutcome, 'failed'> } | 'voided';

/** What is left of a mint, and what is said to have come of it: a failure may concern no caller. */
interface Reported {
  readonly minted: Minted;
  readonly outcome: MintOutcome;
}

/** How one mint departs from another: what is done with its token, and with its failure. */
export interface MintPlan {
  readonly fence: number;
  readonly reason: MintReason;
  /** The token that was in hand before. */
  readonly former?: FormerToken;
  readonly isLeased?: boolean;
  keep(fresh: FreshToken): Minted | Promise<Minted>;
  /** Remembers the failure; gives the error that callers see, or `voided` when the failure concerns none of them. */
  remember(error: TokenSourceError): TokenSourceError | Promise<TokenSourceError | 'voided'>;
  /** Whether the fleet has replaced the former token meanwhile, so that the source is not asked again. */
  isOvertaken(): boolean;
  /** Called when the source has answered or failed. */
  answered(): void;
}

export interface MintingParts {
  clock: Clock;
  sources: SourceClient;
  failures: FailureMemory;
  observers: TokenObservers;
  /** Aborted when the process gives up its mints to shut down. */
  closing: AbortSignal;
}

/** Asks the source once, and reports what came of it. */
export class Minting {
  constructor(private readonly parts: MintingParts) {}

  /** @throws TokenSourceError unless a purge voided the mint, whose failure then concerns no caller */
  async run(key: TokenKey, watch: KeyWatch, plan: MintPlan): Promise<Minted> {
    const { minted } = await this.parts.observers.during('minting', {
      details: [key.integration.name, plan.reason],
      work: (headers) => this.runObserved(key, watch, plan, headers),
      outcomeOf: ({ outcome }) => outcome,
    });
    return minted;
  }

  private async runObserved(
    key: TokenKey,
    watch: KeyWatch,
    plan: MintPlan,
    headers: MintContext['headers'],
  ): Promise<Reported> {
    const { clock, closing, failures, observers } = this.parts;
    const startedAt = clock.monotonic();
    const report = (outcome: MintOutcome): void => {
      const durationMs = clock.monotonic() - startedAt;
      observers.notify('minted', key.integration.name, { outcome, reason: plan.reason, durationMs });
    };
    const ask = (): Promise<FreshToken> => this.parts.sources.mint(key, plan.fence, { ...plan, headers });
    const askAgain = async (error: unknown): Promise<FreshToken> => {
      if (!(error instanceof AskAgainError)) throw error;
      if (error.afterMs > 0) await new Promise<void>((resolve) => clock.after(error.afterMs, resolve));
      if (closing.aborted || watch.hasPurged(plan.fence) || plan.isOvertaken()) throw error;
      report('failed');
      return ask();
    };
    let fresh: FreshToken;
    try {
      fresh = await ask()
        .catch(askAgain)
        .finally(() => plan.answered());
    } catch (error) {
      const isPurged = watch.hasPurged(plan.fence);
      const outcome = isPurged ? 'superseded' : 'failed';
      report(outcome);
      const remembered = isPurged ? 'voided' : await plan.remember(error as TokenSourceError);
      if (remembered === 'voided') return { minted: remembered, outcome };
      observers.notify('mintFailed', key.integration.name, remembered);
      throw remembered;
    }
    failures.forget(key.id);
    const minted = await plan.keep(fresh);
    const outcome = minted === 'voided' ? 'superseded' : minted.outcome;
    report(outcome);
    return { minted, outcome };
  }
}

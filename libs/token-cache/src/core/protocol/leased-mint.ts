import { type TokenKey } from '../config/token-key.js';
import { type Clock } from '../contract/clock.js';
import { freshFrom, type HeldToken, type Sharing } from '../contract/held-token.js';
import { TokenResponseInvalidError, type TokenSourceError } from '../contract/token-cache.errors.js';
import { type FreshToken } from '../contract/token-content.js';
import { type TokenObservers } from '../contract/token-observers.js';
import { type Committed, type Lease } from '../contract/token-store.js';
import { type TokensInHand } from '../in-hand/tokens-in-hand.js';
import { cooldownMs, cooledDown, errorOf, rememberedFailure } from '../source-client/cooldown.js';
import { type FailureMemory } from '../source-client/failure-memory.js';
import { type KeyWatch } from '../store-client/key-watch.js';
import { type PayloadCodec } from '../store-client/payload-codec.js';
import { type Granted, type StoreClient } from '../store-client/store-client.js';
import { type Minted, type Minting } from './minting.js';

export interface LeasedMintParts {
  clock: Clock;
  random: () => number;
  codec: PayloadCodec;
  store: StoreClient;
  tokens: TokensInHand;
  failures: FailureMemory;
  minting: Minting;
  observers: TokenObservers;
  /** Aborted when the process gives up its mints to shut down. */
  closing: AbortSignal;
}

/** Takes a token in hand once its commit, sent at that instant, has an answer or will have none. */
type Keep = (sentAt: number, sharing: Sharing) => HeldToken;

/** A mint under a lease: one for the whole fleet, which shares its token or its failure. */
export class LeasedMint {
  constructor(private readonly parts: LeasedMintParts) {}

  /**
   * Mints and commits.
   *
   * @returns `voided` when the token was rejected or purged meanwhile, or a newer one is not to be had
   * @throws TokenSourceError also for a recent failure that the store could not be told
   */
  async mint(key: TokenKey, granted: Granted, watch: KeyWatch): Promise<HeldToken | 'voided'> {
    const { store, tokens, failures, minting } = this.parts;
    const { lease, reason } = granted;
    // A purge that was heard while the grant was on its way.
    if (watch.hasPurged(lease.fence)) return 'voided';
    const failure = failures.recent(key);
    if (failure) {
      await store.fail(key, lease, failure).catch(() => {});
      throw errorOf(failure, key.integration.name);
    }
    const stopRenewing = this.keepRenewing(key, lease);
    const minted = await minting.run(key, watch, {
      fence: lease.fence,
      reason,
      // A renewal that ends later says nothing of the lease, which the commit or the failure releases.
      answered: stopRenewing,
      keep: (fresh) =>
        this.commit(key, lease, fresh, watch, (sentAt, sharing) =>
          tokens.keep(key, fresh, lease.fence, sentAt, sharing),
        ),
      remember: (error) => this.remember(key, granted, error),
    });
    if (minted === 'voided') return minted;
    if (minted.held.endsAt > this.parts.clock.monotonic()) return minted.held;
    // A commit that got no answer may have left the lease behind, for which every process would wait.
    await store.fail(key, lease).catch(() => {});
    throw new TokenResponseInvalidError(
      `A token for "${key.integration.name}" ended before it could be shared: its life is too short for the store's delay`,
    );
  }

  /** Commits a token that is in hand; gives the one that the fleet now shares. */
  async publish(key: TokenKey, lease: Lease, former: HeldToken, watch: KeyWatch): Promise<HeldToken | 'voided'> {
    const { tokens } = this.parts;
    const minted = await this.commit(key, lease, freshFrom(former), watch, (sentAt, sharing) =>
      tokens.keepShared(key, former, lease.fence, sentAt, sharing),
    );
    return minted === 'voided' ? minted : minted.held;
  }

  private async commit(key: TokenKey, lease: Lease, fresh: FreshToken, watch: KeyWatch, keep: Keep): Promise<Minted> {
    const { clock, codec, store } = this.parts;
    const { fence } = lease;
    const sentAt = clock.monotonic();
    const payload = codec.encode(key.id, fence, fresh.content);
    let committed: Committed;
    try {
      committed = await store.commit(key, lease, payload, Math.max(1, Math.floor(fresh.endsAt - sentAt)));
    } catch {
      if (watch.hasVoided(fence)) return 'voided';
      return { held: keep(sentAt, { state: 'unanswered', lease }), outcome: 'local' };
    }
    if (committed.outcome === 'voided') return this.yieldTo(key, { outcome: 'superseded' }, sentAt, watch);
    if (committed.outcome === 'superseded') return this.yieldTo(key, committed, sentAt, watch);
    if (watch.hasVoided(fence)) return 'voided';
    return { held: keep(sentAt, { state: 'shared' }), outcome: 'stored' };
  }

  private yieldTo(
    key: TokenKey,
    { token }: Extract<Committed, { outcome: 'superseded' }>,
    sentAt: number,
    watch: KeyWatch,
  ): Minted {
    const { observers, tokens } = this.parts;
    observers.notify('superseded', key.integration.name);
    const admission = token && tokens.admit(key, token, sentAt, watch);
    return admission?.outcome === 'held' ? { held: admission.held, outcome: 'superseded' } : 'voided';
  }

  /** Releases the lease and lets the whole fleet know of the failure; this process alone, if the store cannot be told. */
  private async remember(
    key: TokenKey,
    { lease, failures }: Granted,
    error: TokenSourceError,
  ): Promise<TokenSourceError> {
    const { store, random, closing } = this.parts;
    const remainingMs = cooldownMs(error, failures, key.integration.policy.cooldown, random);
    try {
      // The source has no part in a failure that comes of shutting down.
      await store.fail(key, lease, closing.aborted ? undefined : rememberedFailure(error, remainingMs));
      return cooledDown(error, remainingMs);
    } catch {
      return this.parts.failures.remember(key, error);
    }
  }

  /** Renewal may fail: the commit is fenced. */
  private keepRenewing(key: TokenKey, lease: Lease): () => void {
    const { store, clock, observers } = this.parts;
    let cancel = (): void => {};
    let isStopped = false;
    const renew = async (): Promise<void> => {
      const isOurs = await store.renew(key, lease).catch(() => true);
      if (isStopped) return;
      if (isOurs) schedule();
      else observers.notify('leaseLost', key.integration.name);
    };
    const schedule = (): void => {
      cancel = clock.after(lease.leaseMs / 3, () => void renew());
    };
    schedule();
    return () => {
      isStopped = true;
      cancel();
    };
  }
}

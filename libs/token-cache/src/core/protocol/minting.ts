import { type Clock } from '../contract/clock.js';
import { cooldownMs, cooledDown, errorOf, rememberedFailure } from '../source-client/cooldown.js';
import { type FailureMemory } from '../source-client/failure-memory.js';
import { type StoreClient } from '../store-client/store-client.js';
import { type FreshToken, type SourceClient, NO_LEASE, SHUTTING_DOWN } from '../source-client/source-client.js';
import { type HeldToken, type NearCache } from '../in-hand/near-cache.js';
import { type PayloadCodec } from '../store-client/payload-codec.js';
import { TokenResponseInvalidError, type TokenSourceError } from '../contract/token-cache.errors.js';
import { type TokenKey } from '../config/token-key.js';
import { type MintOutcome } from '../contract/token-observer.js';
import { type TokenObservers } from '../contract/token-observers.js';
import { isUsable, type TokenShelf } from '../in-hand/token-shelf.js';
import { type Acquired, type Committed, type Lease, type MintReason } from '../contract/token-store.js';
import { type KeyWatch } from '../store-client/store-events.js';

/** A lease, and what the store said with it. */
export type Granted = Extract<Acquired, { outcome: 'lease' }>;

interface Published {
  held: HeldToken;
  outcome: Exclude<MintOutcome, 'failed'>;
}

/** One mint: how it is made, and what comes of it. */
interface Mint {
  fence: number;
  reason: MintReason;
  mint: () => Promise<FreshToken>;
  keep: (fresh: FreshToken) => Published | undefined | Promise<Published | undefined>;
  fail: (error: TokenSourceError) => TokenSourceError | Promise<TokenSourceError>;
}

export interface MintingParts {
  clock: Clock;
  random: () => number;
  codec: PayloadCodec;
  store: StoreClient;
  near: NearCache;
  shelf: TokenShelf;
  failures: FailureMemory;
  minter: SourceClient;
  observers: TokenObservers;
}

/** Mints and what becomes of them: shared with the fleet under a lease, or kept by this process while there is no store. */
export class Minting {
  constructor(private readonly parts: MintingParts) {}

  /**
   * Mints under a lease and commits, or passes on a failure that the store could not be told; nothing when the token was
   * voided meanwhile.
   *
   * @throws TokenSourceError
   */
  async underLease(key: TokenKey, granted: Granted, watch: KeyWatch): Promise<HeldToken | undefined> {
    const { store, minter, failures } = this.parts;
    const { lease, reason } = granted;
    const failure = failures.recent(key);
    if (failure) {
      await store.fail(key, lease, failure).catch(() => {});
      throw errorOf(failure, key.integration.name);
    }
    const stopRenewing = this.keepRenewing(key, lease);
    const held = await this.run(key, watch, {
      fence: lease.fence,
      reason,
      // What becomes of a renewal after this says nothing of the lease: the commit or the failure releases it.
      mint: () => minter.mint(key, lease.fence).finally(stopRenewing),
      keep: (fresh) => this.commit(key, lease, fresh, watch),
      fail: (error) => this.fail(key, granted, error),
    });
    if (!held || held.endsAt > this.now()) return held;
    // A commit that got no answer may have left the lease behind, for which everybody would wait.
    await store.fail(key, lease).catch(() => {});
    throw new TokenResponseInvalidError(`A token for "${key.integration.name}" ended before it could be shared`);
  }

  /**
   * Mints for this process alone, which shares the token later; nothing when it was purged meanwhile.
   *
   * @throws TokenSourceError
   */
  async withoutStore(key: TokenKey, watch: KeyWatch): Promise<HeldToken | undefined> {
    const { clock, shelf, minter, failures } = this.parts;
    const failure = failures.recent(key);
    if (failure) throw errorOf(failure, key.integration.name);
    const sentAt = this.now();
    return this.run(key, watch, {
      fence: NO_LEASE,
      reason: 'miss',
      mint: () => minter.mint(key, NO_LEASE),
      keep: (fresh) => {
        if (watch.hasVoided(NO_LEASE)) return undefined;
        return { held: shelf.keep(key, fresh, clock.now() * 1_000, sentAt, {}), outcome: 'local' };
      },
      fail: (error) => failures.remember(key, error),
    });
  }

  /** Commits a token under its fence; gives what the fleet now shares, or nothing when that is no token. */
  async publish(key: TokenKey, lease: Lease, fresh: FreshToken, watch: KeyWatch): Promise<HeldToken | undefined> {
    return (await this.commit(key, lease, fresh, watch))?.held;
  }

  private async commit(
    key: TokenKey,
    lease: Lease,
    fresh: FreshToken,
    watch: KeyWatch,
  ): Promise<Published | undefined> {
    const { codec, store, near, shelf, observers } = this.parts;
    const sentAt = this.now();
    const payload = codec.encode(key.id, lease.fence, fresh.content);
    const isVoid = (): boolean => near.isRejected(fresh.content.accessToken) || watch.hasVoided(lease.fence);
    let committed: Committed;
    try {
      committed = await store.commit(key, lease, payload, Math.max(1, Math.floor(fresh.endsAt - sentAt)));
    } catch {
      if (isVoid()) return undefined;
      return { held: shelf.keep(key, fresh, lease.fence, sentAt, { lease }), outcome: 'local' };
    }
    if (committed.outcome === 'superseded') {
      observers.notify('superseded', key.integration.name);
      const adopted = committed.token && shelf.adopt(key, committed.token, sentAt, watch);
      return isUsable(adopted) ? { held: adopted, outcome: 'superseded' } : undefined;
    }
    if (isVoid()) return undefined;
    return { held: shelf.keep(key, fresh, lease.fence, sentAt), outcome: 'stored' };
  }

  /** Makes a mint and reports it; a failure is nobody's business when a purge voided the mint. */
  private async run(
    key: TokenKey,
    watch: KeyWatch,
    { fence, reason, mint, keep, fail }: Mint,
  ): Promise<HeldToken | undefined> {
    const { near, failures, observers } = this.parts;
    const startedAt = this.now();
    const report = (outcome: MintOutcome): void => {
      observers.notify('minted', key.integration.name, { outcome, reason, durationMs: this.now() - startedAt });
    };
    let fresh: FreshToken;
    try {
      fresh = await mint();
    } catch (error) {
      const isVoid = watch.hasVoided(fence);
      report(isVoid ? 'superseded' : 'failed');
      if (isVoid) return undefined;
      throw await fail(error as TokenSourceError);
    }
    near.accept(fresh.content.accessToken);
    failures.forget(key.id);
    const published = await keep(fresh);
    report(published?.outcome ?? 'superseded');
    return published?.held;
  }

  /** Releases the lease and lets the whole fleet know; this process alone, if the store cannot be told. */
  private async fail(key: TokenKey, { lease, failures }: Granted, error: TokenSourceError): Promise<TokenSourceError> {
    const remainingMs = cooldownMs(error, failures, key.integration.policy.cooldown, this.parts.random);
    const isOurFault = error.cause === SHUTTING_DOWN;
    try {
      await this.parts.store.fail(key, lease, isOurFault ? undefined : rememberedFailure(error, remainingMs));
      return cooledDown(error, remainingMs);
    } catch {
      return this.parts.failures.remember(key, error);
    }
  }

  /** Renewal may fail: the commit is fenced. */
  private keepRenewing(key: TokenKey, lease: Lease): () => void {
    const { store, clock, observers } = this.parts;
    let cancel = (): void => {};
    let stopped = false;
    const renew = async (): Promise<void> => {
      const isOurs = await store.renew(key, lease).catch(() => true);
      if (stopped) return;
      if (isOurs) schedule();
      else observers.notify('leaseLost', key.integration.name);
    };
    const schedule = (): void => {
      cancel = clock.after(lease.leaseMs / 3, () => void renew());
    };
    schedule();
    return () => {
      stopped = true;
      cancel();
    };
  }

  private now(): number {
    return this.parts.clock.monotonic();
  }
}

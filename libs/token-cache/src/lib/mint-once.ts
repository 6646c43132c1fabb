import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { cooldownMs, errorOf, rememberedFailure } from './cooldown.js';
import { type Flight } from './flights.js';
import { BREAKER_RESET_MS, type GuardedStore } from './guarded-store.js';
import { type FreshToken, type Minter } from './minter.js';
import { type HeldToken, type NearCache } from './near-cache.js';
import { type TokenCacheConfig } from './token-cache.options.js';
import { TokenSourceError, TokenStoreUnavailableError } from './token-cache.errors.js';
import { type TokenKey } from './token-key.js';
import { type HitLayer } from './token-observer.js';
import { type TokenObservers } from './token-observers.js';
import {
  type Acquired,
  type Committed,
  type Cooldown,
  type Lease,
  type MintReason,
  type StoredToken,
} from './token-store.js';
import { Token } from './token.js';
import { type WakeUps, type Watch } from './wake-ups.js';

export interface Obtained {
  held: HeldToken;
  via: HitLayer | 'mint';
}

type Granted = Extract<Acquired, { outcome: 'lease' }>;

/** One caller's way through the protocol. */
interface Attempts {
  readonly nonce: string;
  readonly watch: Watch;
  /** 0, unless the shared token is of no use to us. */
  needMs: number;
  waitedSince?: number;
}

/** An unreadable token is replaced however long it lives. */
const ANY_LIFE_MS = Number.MAX_SAFE_INTEGER;
/** How often a token that another process is replacing is looked at again. */
const LOOK_AGAIN_MS = 250;
/** Failures remembered here while the store cannot remember them. */
const REMEMBERED_FAILURES = 10_000;

/**
 * The client half of the protocol: look up; on a miss take the lease; the store has looked again by then; mint only if the
 * token is still missing; commit under the fence, which releases the lease and wakes the others.
 */
export class MintOnce {
  isClosing = false;
  private readonly failures: LRUCache<string, { until: number; count: number; failure: Cooldown }>;

  constructor(
    private readonly config: TokenCacheConfig,
    private readonly store: GuardedStore,
    private readonly near: NearCache,
    private readonly wakeUps: WakeUps,
    private readonly minter: Minter,
    private readonly observers: TokenObservers,
  ) {
    this.failures = new LRUCache({ max: REMEMBERED_FAILURES });
  }

  /**
   * Gets the token, whoever mints it.
   *
   * @throws TokenSourceError when the source fails or failed a moment ago
   * @throws TokenStoreUnavailableError when policy forbids to go on without the store
   */
  async obtain(key: TokenKey, flight: Flight): Promise<Obtained> {
    const attempts: Attempts = { nonce: randomUUID(), watch: this.wakeUps.watch(key.id), needMs: 0 };
    flight.onEmpty = () => attempts.watch.wake();
    try {
      for (;;) {
        const obtained = await this.attempt(key, attempts);
        if (obtained) return obtained;
        if (flight.closeIfEmpty()) throw new Error('nobody waits for this token any more');
      }
    } finally {
      attempts.watch.close();
      this.reportWait(key, attempts);
    }
  }

  /**
   * What the fleet shares, without asking for the right to mint.
   *
   * @throws TokenStoreUnavailableError
   */
  async look(key: TokenKey): Promise<{ held?: HeldToken; cooldown?: Cooldown }> {
    const watch = this.wakeUps.watch(key.id);
    try {
      const sentAt = this.now();
      const { token, cooldown } = await this.call(key, 'peek', (store) => store.peek(key.id));
      const adopted = token && this.adopt(key, token, sentAt, watch);
      return { ...(typeof adopted === 'object' && { held: adopted }), ...(cooldown && { cooldown }) };
    } finally {
      watch.close();
    }
  }

  /** Forgets the failures that only this process knows. */
  forgetFailures(keyId: string): void {
    this.failures.delete(keyId);
  }

  /**
   * Replaces a token in its refresh window, if no other process does.
   *
   * @throws TokenSourceError, TokenStoreUnavailableError
   */
  async refresh(key: TokenKey, held: HeldToken): Promise<void> {
    const watch = this.wakeUps.watch(key.id);
    try {
      const sentAt = this.now();
      const acquired = await this.acquire(key, randomUUID(), Math.ceil(held.endsAt - held.refreshAt));
      if (acquired.outcome === 'hit') this.adopt(key, acquired.token, sentAt, watch);
      if (acquired.outcome === 'lease') await this.mintUnder(key, acquired, watch);
      if (acquired.outcome === 'cooling') throw errorOf(acquired.cooldown, key.integration.name);
      held.maintainAt = this.now() + key.integration.policy.leaseMs / 3;
    } finally {
      watch.close();
    }
  }

  /**
   * Offers a token that was minted without the store; the one that lives longer wins.
   *
   * @throws TokenStoreUnavailableError
   */
  async share(key: TokenKey, held: HeldToken): Promise<void> {
    const watch = this.wakeUps.watch(key.id);
    try {
      const sentAt = this.now();
      held.maintainAt = sentAt + BREAKER_RESET_MS;
      let lease = held.unshared?.lease;
      if (!lease) {
        const acquired = await this.acquire(key, randomUUID(), Math.ceil(held.endsAt - sentAt));
        if (acquired.outcome === 'hit') this.adopt(key, acquired.token, sentAt, watch);
        if (acquired.outcome !== 'lease') return;
        lease = acquired.lease;
      }
      await this.publish(key, lease, freshFrom(held), watch);
    } finally {
      watch.close();
    }
  }

  /** One round: the token, or nothing when it is time to look again. */
  private async attempt(key: TokenKey, attempts: Attempts): Promise<Obtained | undefined> {
    const { watch } = attempts;
    watch.forgetVoided();
    const sentAt = this.now();
    let acquired: Acquired;
    try {
      acquired = await this.acquire(key, attempts.nonce, attempts.needMs);
    } catch (error) {
      return this.withoutStore(key, error, watch);
    }
    switch (acquired.outcome) {
      case 'hit':
        return this.take(key, acquired.token, sentAt, attempts);
      case 'wait':
        attempts.waitedSince ??= sentAt;
        return void (await watch.wait(acquired.leaseEndsInMs));
      case 'cooling':
        throw errorOf(acquired.cooldown, key.integration.name);
      case 'lease':
        return (await this.reshare(key, acquired, watch)) ?? (await this.mintUnder(key, acquired, watch));
    }
  }

  /** Takes the shared token, or sees to it that the next round finds a better one. */
  private async take(
    key: TokenKey,
    stored: StoredToken,
    sentAt: number,
    attempts: Attempts,
  ): Promise<Obtained | undefined> {
    const adopted = this.adopt(key, stored, sentAt, attempts.watch);
    switch (adopted) {
      case 'voided':
        return undefined;
      case 'rejected':
        return this.invalidateAgain(key, stored.fence, attempts.watch);
      case 'unreadable':
        // Not deleted: a process that can read it may still live on it while we mint a successor.
        if (attempts.needMs > 0) await attempts.watch.wait(LOOK_AGAIN_MS);
        attempts.needMs = ANY_LIFE_MS;
        return undefined;
      default:
        return { held: adopted, via: attempts.waitedSince === undefined ? 'shared' : 'waited' };
    }
  }

  /** Keeps a token that the store gave us, unless we know better than to use it. */
  private adopt(
    key: TokenKey,
    stored: StoredToken,
    sentAt: number,
    watch: Watch,
  ): HeldToken | 'voided' | 'rejected' | 'unreadable' {
    if (stored.fence <= watch.voidedUpTo) return 'voided';
    const current = this.near.valid(key.id, sentAt);
    if (current && !current.unshared && current.token.generation === stored.fence) {
      current.confirmedAt = sentAt;
      return current;
    }
    const content = this.config.codec.decode(key.id, stored.fence, stored.payload);
    if (!content) {
      this.observers.notify('unreadable', key.integration.name);
      return 'unreadable';
    }
    if (this.near.isRejected(key.id, content.accessToken)) return 'rejected';
    const endsAt = sentAt + stored.ttlMs;
    return this.keep(key, { content, endsAt, refreshAt: endsAt - content.refreshWindowMs }, stored.fence, sentAt);
  }

  /** The store lost the token but we hold it: publish it again instead of minting. */
  private async reshare(key: TokenKey, granted: Granted, watch: Watch): Promise<Obtained | undefined> {
    const now = this.now();
    const inHand = this.near.valid(key.id, now);
    if (granted.reason !== 'miss' || !inHand || inHand.refreshAt <= now) return undefined;
    const published = await this.publish(key, granted.lease, freshFrom(inHand), watch);
    return published && { held: published.held, via: 'near' };
  }

  private async mintUnder(
    key: TokenKey,
    { lease, reason, failures }: Granted,
    watch: Watch,
  ): Promise<Obtained | undefined> {
    const startedAt = this.now();
    const stopRenewing = this.keepRenewing(key, lease);
    try {
      const fresh = await this.minter.mint(key, lease.fence);
      const published = await this.publish(key, lease, fresh, watch);
      this.reportMint(key, published?.outcome ?? 'superseded', reason, startedAt);
      return published && { held: published.held, via: 'mint' };
    } catch (error) {
      if (!(error instanceof TokenSourceError)) throw error;
      this.reportMint(key, 'failed', reason, startedAt);
      throw await this.fail(key, lease, failures, error);
    } finally {
      stopRenewing();
    }
  }

  /** Commits a token under its fence; gives what the fleet now shares, or nothing when that is no token. */
  private async publish(
    key: TokenKey,
    lease: Lease,
    fresh: FreshToken,
    watch: Watch,
  ): Promise<{ held: HeldToken; outcome: 'stored' | 'superseded' | 'local' } | undefined> {
    const sentAt = this.now();
    const payload = this.config.codec.encode(key.id, lease.fence, fresh.content);
    const ttlMs = Math.max(1, Math.floor(fresh.endsAt - sentAt));
    let committed: Committed;
    try {
      committed = await this.call(key, 'commit', (store) => store.commit(key.id, lease, payload, ttlMs));
    } catch (error) {
      if (!(error instanceof TokenStoreUnavailableError)) throw error;
      return watch.purged
        ? undefined
        : { held: this.keep(key, fresh, lease.fence, sentAt, { lease }), outcome: 'local' };
    }
    if (committed.outcome === 'superseded') {
      this.observers.notify('superseded', key.integration.name);
      const adopted = committed.token && this.adopt(key, committed.token, sentAt, watch);
      return typeof adopted === 'object' ? { held: adopted, outcome: 'superseded' } : undefined;
    }
    if (lease.fence <= watch.voidedUpTo) return undefined;
    return { held: this.keep(key, fresh, lease.fence, sentAt), outcome: 'stored' };
  }

  /** Policy for a store that does not answer: what is in hand, else an error, else a mint of our own. */
  private async withoutStore(key: TokenKey, cause: unknown, watch: Watch): Promise<Obtained | undefined> {
    const inHand = this.near.valid(key.id, this.now());
    if (inHand) return { held: inHand, via: 'near' };
    if (key.integration.policy.whenStoreUnavailable === 'fail') throw cause;
    const remembered = this.failures.get(key.id);
    if (remembered && remembered.until > this.now()) {
      throw errorOf({ ...remembered.failure, remainingMs: remembered.until - this.now() }, key.integration.name);
    }
    const startedAt = this.now();
    try {
      const fresh = await this.minter.mint(key, 0);
      this.failures.delete(key.id);
      this.reportMint(key, 'local', 'miss', startedAt);
      if (watch.purged) return undefined;
      return { held: this.keep(key, fresh, this.config.clock.now() * 1_000, startedAt, {}), via: 'mint' };
    } catch (error) {
      if (!(error instanceof TokenSourceError)) throw error;
      this.reportMint(key, 'failed', 'miss', startedAt);
      throw this.remember(key, remembered?.count ?? 0, error);
    }
  }

  /** Releases the lease and lets the whole fleet know; here alone, if the store cannot be told. */
  private async fail(
    key: TokenKey,
    lease: Lease,
    failures: number,
    error: TokenSourceError,
  ): Promise<TokenSourceError> {
    const { policy } = key.integration;
    const remainingMs = cooldownMs(error, failures, policy.cooldown, this.config.random);
    const cooldown = this.isClosing ? undefined : rememberedFailure(error, remainingMs);
    try {
      await this.call(key, 'fail', (store) => store.fail(key.id, lease, cooldown));
      error.retryAfterMs = remainingMs;
      return error;
    } catch {
      return this.remember(key, failures, error);
    }
  }

  private remember(key: TokenKey, failures: number, error: TokenSourceError): TokenSourceError {
    const remainingMs = cooldownMs(error, failures, key.integration.policy.cooldown, this.config.random);
    const failure = rememberedFailure(error, remainingMs);
    this.failures.set(key.id, { until: this.now() + remainingMs, count: failures + 1, failure });
    error.retryAfterMs = remainingMs;
    return error;
  }

  private keep(
    key: TokenKey,
    { content, endsAt, refreshAt }: FreshToken,
    generation: number,
    confirmedAt: number,
    unshared?: HeldToken['unshared'],
  ): HeldToken {
    const { name } = key.integration;
    const token = new Token({
      accessToken: content.accessToken,
      tokenType: content.tokenType,
      ...(content.scope !== undefined && { scope: content.scope }),
      integration: name,
      generation,
      expiresAt: content.expiresAt,
      refreshAt: Math.floor(this.config.clock.now() + refreshAt - this.now()),
      keyId: key.id,
    });
    const maintainAt = unshared ? this.now() + BREAKER_RESET_MS : content.refreshWindowMs > 0 ? refreshAt : Infinity;
    const held: HeldToken = { token, endsAt, refreshAt, confirmedAt, maintainAt, ...(unshared && { unshared }) };
    this.near.keep(key.id, held);
    this.observers.notify('learned', name, content.expiresAt);
    return held;
  }

  /** Renewal may fail: the commit is fenced. */
  private keepRenewing(key: TokenKey, lease: Lease): () => void {
    let cancel = (): void => {};
    let stopped = false;
    const renew = async (): Promise<void> => {
      const isOurs = await this.call(key, 'renew', (store) => store.renew(key.id, lease)).catch(() => true);
      if (stopped) return;
      if (isOurs) schedule();
      else this.observers.notify('leaseLost', key.integration.name);
    };
    const schedule = (): void => {
      cancel = this.config.clock.after(lease.leaseMs / 3, () => void renew());
    };
    schedule();
    return () => {
      stopped = true;
      cancel();
    };
  }

  /** The store still has a token that was rejected: it was not told, or somebody published it again. */
  private async invalidateAgain(key: TokenKey, generation: number, watch: Watch): Promise<Obtained | undefined> {
    try {
      await this.call(key, 'invalidate', (store) => store.invalidate(key.id, generation));
      return undefined;
    } catch (error) {
      return this.withoutStore(key, error, watch);
    }
  }

  private acquire(key: TokenKey, nonce: string, needMs: number): Promise<Acquired> {
    const { leaseMs } = key.integration.policy;
    return this.call(key, 'acquire', (store) => store.acquire(key.id, { nonce, leaseMs, needMs }));
  }

  private call<T>(
    key: TokenKey,
    operation: Parameters<GuardedStore['call']>[0],
    call: (store: TokenCacheConfig['store']) => Promise<T>,
  ): Promise<T> {
    return this.store.call(operation, key.integration.policy.storeTimeoutMs, call);
  }

  private reportMint(
    key: TokenKey,
    outcome: 'stored' | 'superseded' | 'local' | 'failed',
    reason: MintReason,
    startedAt: number,
  ): void {
    this.observers.notify('minted', key.integration.name, { outcome, reason, durationMs: this.now() - startedAt });
  }

  private reportWait(key: TokenKey, { waitedSince }: Attempts): void {
    if (waitedSince !== undefined) this.observers.notify('waited', key.integration.name, this.now() - waitedSince);
  }

  private now(): number {
    return this.config.clock.monotonic();
  }
}

function freshFrom({ token, endsAt, refreshAt }: HeldToken): FreshToken {
  return {
    content: {
      accessToken: token.accessToken,
      tokenType: token.tokenType,
      ...(token.scope !== undefined && { scope: token.scope }),
      expiresAt: token.expiresAt,
      refreshWindowMs: endsAt - refreshAt,
    },
    endsAt,
    refreshAt,
  };
}

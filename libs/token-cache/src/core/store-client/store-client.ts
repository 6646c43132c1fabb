import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type TokenKey } from '../config/token-key.js';
import { type Clock } from '../contract/clock.js';
import { type StoreOperation } from '../contract/token-observer.js';
import {
  type Acquired,
  type AnsweredSince,
  type Attempt,
  type Committed,
  type Cooldown,
  type Lease,
  type Offered,
  type Peeked,
  type Rejection,
  type RejectionVerdict,
  type TokenStore,
} from '../contract/token-store.js';
import { type GuardedStore } from './guarded-store.js';

/** What an attempt asks for; any valid token unless it says more. */
export type Wanted = Partial<Omit<Attempt, 'nonce' | 'leaseMs' | 'process'>>;

/** A lease, and what the store said with it. */
export type Granted = Extract<Acquired, { outcome: 'lease' }>;

/** Attempts of one piece of work, which the store knows by one nonce. */
export interface KeyAttempt {
  /** @throws TokenStoreUnavailableError */
  acquire(wanted?: Wanted): Promise<Acquired>;
}

/** What the store knows attempts by; it may have granted a lease to it whose answer was lost. */
interface Nonce {
  readonly value: string;
  readonly mayHoldLease: boolean;
}

const REMEMBERED_NONCES = 10_000;

/**
 * The store as the protocol speaks to it: by key, with the time limit and the lease of the key's policy.
 *
 * Every method throws TokenStoreUnavailableError.
 */
export class StoreClient {
  private readonly grantedAt = new WeakMap<Lease, number>();
  /** Nonces of attempts without an answer, by key: the store may have granted a lease to each. */
  private readonly unanswered = new LRUCache<string, string>({ max: REMEMBERED_NONCES });

  constructor(
    private readonly store: GuardedStore,
    private readonly clock: Clock,
    /** What the store knows this process by. */
    readonly process: string = randomUUID(),
  ) {}

  peek(key: TokenKey): Promise<Peeked> {
    return this.call(key, 'peek', (store) => store.peek(key.id));
  }

  /** Begins attempts under a new nonce, or under that of an attempt without an answer; no two have one nonce at a time. */
  attempt(key: TokenKey): KeyAttempt {
    let nonce: Nonce | undefined;
    return {
      acquire: async (wanted) => {
        const asked = (nonce ??= this.takeNonce(key));
        const giveBack = (): void => {
          this.unanswered.set(key.id, asked.value);
          nonce = undefined;
        };
        try {
          const acquired = await this.acquire(key, asked.value, wanted);
          // Neither answer says whether a lease that was granted unheard still lives.
          if (asked.mayHoldLease && (acquired.outcome === 'hit' || acquired.outcome === 'cooling')) giveBack();
          return acquired;
        } catch (error) {
          giveBack();
          throw error;
        }
      },
    };
  }

  renew(key: TokenKey, lease: Lease): Promise<boolean> {
    return this.call(key, 'renew', (store) => store.renew(key.id, lease));
  }

  commit(key: TokenKey, lease: Lease, payload: string, ttlMs: number): Promise<Committed> {
    const grantedAt = this.grantedAt.get(lease);
    const sinceGrantMs = grantedAt === undefined ? undefined : Math.floor(this.clock.monotonic() - grantedAt);
    return this.call(key, 'commit', (store) => store.commit(key.id, { ...lease, sinceGrantMs }, payload, ttlMs));
  }

  fail(key: TokenKey, lease: Lease, cooldown?: Cooldown): Promise<boolean> {
    return this.call(key, 'fail', (store) => store.fail(key.id, lease, cooldown));
  }

  offer(key: TokenKey, generation: number, payload: string, ttlMs: number, since?: AnsweredSince): Promise<Offered> {
    return this.call(key, 'offer', (store) => store.offer(key.id, generation, payload, ttlMs, since));
  }

  invalidate(key: TokenKey, rejection: Rejection): Promise<RejectionVerdict> {
    return this.call(key, 'invalidate', (store) => store.invalidate(key.id, rejection));
  }

  /** A purge that is given up at the time limit is not carried out later. */
  purge(key: TokenKey): Promise<number> {
    const { storeTimeoutMs } = key.integration.policy;
    return this.call(key, 'purge', (store) => store.purge(key.id, storeTimeoutMs));
  }

  private async acquire(key: TokenKey, nonce: string, wanted: Wanted = {}): Promise<Acquired> {
    const { minTtlMs = 0, refusedGeneration } = wanted;
    const attempt = {
      nonce,
      leaseMs: key.integration.policy.leaseMs,
      minTtlMs: Math.ceil(minTtlMs),
      refusedGeneration,
      process: this.process,
    };
    const acquired = await this.call(key, 'acquire', (store) => store.acquire(key.id, attempt));
    if (acquired.outcome === 'lease') this.grantedAt.set(acquired.lease, this.clock.monotonic());
    return acquired;
  }

  /** Taken when it is sent: an attempt that ends before must not take the nonce of a granted lease with it. */
  private takeNonce({ id }: TokenKey): Nonce {
    const unanswered = this.unanswered.get(id);
    this.unanswered.delete(id);
    return unanswered === undefined
      ? { value: randomUUID(), mayHoldLease: false }
      : { value: unanswered, mayHoldLease: true };
  }

  private call<T>(key: TokenKey, operation: StoreOperation, call: (store: TokenStore) => Promise<T>): Promise<T> {
    const { name, policy } = key.integration;
    return this.store.call(name, operation, policy.storeTimeoutMs, call);
  }
}

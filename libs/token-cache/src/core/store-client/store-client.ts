import { type Clock } from '../contract/clock.js';
import { type GuardedStore } from './guarded-store.js';
import { type TokenKey } from '../config/token-key.js';
import { type StoreOperation } from '../contract/token-observer.js';
import {
  type Acquired,
  type Committed,
  type Cooldown,
  type Lease,
  type Peeked,
  type TokenStore,
} from '../contract/token-store.js';

/**
 * The store as the protocol speaks to it: by key, with the time limit and the lease of the key's policy.
 *
 * Every method throws TokenStoreUnavailableError.
 */
export class StoreClient {
  private readonly grantedAt = new WeakMap<Lease, number>();

  constructor(
    private readonly store: GuardedStore,
    private readonly clock: Clock,
  ) {}

  peek(key: TokenKey): Promise<Peeked> {
    return this.call(key, 'peek', (store) => store.peek(key.id));
  }

  async acquire(key: TokenKey, nonce: string, minTtlMs: number): Promise<Acquired> {
    const attempt = { nonce, leaseMs: key.integration.policy.leaseMs, minTtlMs: Math.ceil(minTtlMs) };
    const acquired = await this.call(key, 'acquire', (store) => store.acquire(key.id, attempt));
    if (acquired.outcome === 'lease') this.grantedAt.set(acquired.lease, this.clock.monotonic());
    return acquired;
  }

  renew(key: TokenKey, lease: Lease): Promise<boolean> {
    return this.call(key, 'renew', (store) => store.renew(key.id, lease));
  }

  commit(key: TokenKey, lease: Lease, payload: string, ttlMs: number): Promise<Committed> {
    const grantedAt = this.grantedAt.get(lease);
    const held =
      grantedAt === undefined ? lease : { ...lease, sinceGrantMs: Math.floor(this.clock.monotonic() - grantedAt) };
    return this.call(key, 'commit', (store) => store.commit(key.id, held, payload, ttlMs));
  }

  fail(key: TokenKey, lease: Lease, cooldown?: Cooldown): Promise<void> {
    return this.call(key, 'fail', (store) => store.fail(key.id, lease, cooldown));
  }

  invalidate(key: TokenKey, keyId: string, generation: number): Promise<boolean> {
    return this.call(key, 'invalidate', (store) => store.invalidate(keyId, generation));
  }

  purge(key: TokenKey): Promise<number> {
    return this.call(key, 'purge', (store) => store.purge(key.id));
  }

  private call<T>(key: TokenKey, operation: StoreOperation, call: (store: TokenStore) => Promise<T>): Promise<T> {
    const { name, policy } = key.integration;
    return this.store.call(name, operation, policy.storeTimeoutMs, call);
  }
}

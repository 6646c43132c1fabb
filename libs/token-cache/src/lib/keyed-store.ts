import { type GuardedStore } from './guarded-store.js';
import { type TokenKey } from './token-key.js';
import { type StoreOperation } from './token-observer.js';
import {
  type Acquired,
  type Committed,
  type Cooldown,
  type Lease,
  type Peeked,
  type TokenStore,
} from './token-store.js';

/**
 * The store as the protocol speaks to it: by key, with the time limit and the lease of the key's policy.
 *
 * Every method throws TokenStoreUnavailableError.
 */
export class KeyedStore {
  constructor(private readonly store: GuardedStore) {}

  peek(key: TokenKey): Promise<Peeked> {
    return this.call(key, 'peek', (store) => store.peek(key.id));
  }

  acquire(key: TokenKey, nonce: string, needMs: number): Promise<Acquired> {
    const { leaseMs } = key.integration.policy;
    return this.call(key, 'acquire', (store) => store.acquire(key.id, { nonce, leaseMs, needMs: Math.ceil(needMs) }));
  }

  renew(key: TokenKey, lease: Lease): Promise<boolean> {
    return this.call(key, 'renew', (store) => store.renew(key.id, lease));
  }

  commit(key: TokenKey, lease: Lease, payload: string, ttlMs: number): Promise<Committed> {
    return this.call(key, 'commit', (store) => store.commit(key.id, lease, payload, ttlMs));
  }

  fail(key: TokenKey, lease: Lease, cooldown?: Cooldown): Promise<void> {
    return this.call(key, 'fail', (store) => store.fail(key.id, lease, cooldown));
  }

  invalidate(key: TokenKey, keyId: string, generation: number): Promise<boolean> {
    return this.call(key, 'invalidate', (store) => store.invalidate(keyId, generation));
  }

  purge(key: TokenKey): Promise<void> {
    return this.call(key, 'purge', (store) => store.purge(key.id));
  }

  private call<T>(key: TokenKey, operation: StoreOperation, call: (store: TokenStore) => Promise<T>): Promise<T> {
    const { name, policy } = key.integration;
    return this.store.call(name, operation, policy.storeTimeoutMs, call);
  }
}

import { type StoreOperation } from '../core/contract/token-observer.js';
import {
  type Acquired,
  type Attempt,
  type Committed,
  type Cooldown,
  type Lease,
  type Peeked,
  type Rejection,
  type RejectionVerdict,
  type TokenStore,
  type TokenStoreEvents,
} from '../core/contract/token-store.js';

/** What happens to a call instead of, or after, its effect. */
export type StoreFault = 'reject' | 'hang' | 'lose-reply';

/** A store that fails as networks do, in front of one that works. Each process of a test has its own. */
export class FaultyTokenStore implements TokenStore {
  /** Every call so far, in order. */
  readonly calls: StoreOperation[] = [];
  /** Chooses the fault of a call; none by default. */
  fault: (operation: StoreOperation) => StoreFault | undefined = () => undefined;

  constructor(private readonly inner: TokenStore) {}

  get events(): TokenStoreEvents | undefined {
    return this.inner.events;
  }

  peek(keyId: string): Promise<Peeked> {
    return this.call('peek', () => this.inner.peek(keyId));
  }

  acquire(keyId: string, attempt: Attempt): Promise<Acquired> {
    return this.call('acquire', () => this.inner.acquire(keyId, attempt));
  }

  renew(keyId: string, lease: Lease): Promise<boolean> {
    return this.call('renew', () => this.inner.renew(keyId, lease));
  }

  commit(keyId: string, lease: Lease, payload: string, ttlMs: number): Promise<Committed> {
    return this.call('commit', () => this.inner.commit(keyId, lease, payload, ttlMs));
  }

  fail(keyId: string, lease: Lease, cooldown?: Cooldown): Promise<void> {
    return this.call('fail', () => this.inner.fail(keyId, lease, cooldown));
  }

  invalidate(keyId: string, rejection: Rejection): Promise<RejectionVerdict> {
    return this.call('invalidate', () => this.inner.invalidate(keyId, rejection));
  }

  purge(keyId: string): Promise<number> {
    return this.call('purge', () => this.inner.purge(keyId));
  }

  ping(): Promise<void> {
    return this.call('ping', () => this.inner.ping());
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  private async call<T>(operation: StoreOperation, effect: () => Promise<T>): Promise<T> {
    this.calls.push(operation);
    const fault = this.fault(operation);
    if (fault === 'reject') throw new Error('connection lost');
    if (fault === 'hang') return new Promise(() => {});
    const answer = await effect();
    return fault === 'lose-reply' ? new Promise(() => {}) : answer;
  }
}

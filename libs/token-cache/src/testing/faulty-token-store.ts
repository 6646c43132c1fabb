import { type StoreOperation } from '../core/contract/token-observer.js';
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
  type TokenStoreEvents,
} from '../core/contract/token-store.js';

/**
 * Fault of one store call: `reject` throws without an effect, `hang` never settles and has no effect, `lose-reply` has its effect
 * and never settles.
 */
export type StoreFault = 'reject' | 'hang' | 'lose-reply';

/**
 * A store for tests that passes calls on to another store, with the faults of a network. Give each process of a test its own.
 *
 * @example
 * const store = new FaultyTokenStore(new MemoryTokenStore());
 * store.fault = (operation) => (operation === 'commit' ? 'lose-reply' : undefined);
 */
export class FaultyTokenStore implements TokenStore {
  /** Every call so far, in order. */
  readonly calls: StoreOperation[] = [];
  /** Chooses the fault of a call. @defaultValue no fault */
  fault: (operation: StoreOperation) => StoreFault | undefined = () => undefined;

  /** @param inner the store that has the effects; it stays the caller's to use */
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

  fail(keyId: string, lease: Lease, cooldown?: Cooldown): Promise<boolean> {
    return this.call('fail', () => this.inner.fail(keyId, lease, cooldown));
  }

  offer(keyId: string, generation: number, payload: string, ttlMs: number, since?: AnsweredSince): Promise<Offered> {
    return this.call('offer', () => this.inner.offer(keyId, generation, payload, ttlMs, since));
  }

  invalidate(keyId: string, rejection: Rejection): Promise<RejectionVerdict> {
    return this.call('invalidate', () => this.inner.invalidate(keyId, rejection));
  }

  purge(keyId: string, withinMs?: number): Promise<number> {
    return this.call('purge', () => this.inner.purge(keyId, withinMs));
  }

  purgeGroup(group: string, withinMs?: number): Promise<number> {
    return this.call('purgeGroup', () => this.inner.purgeGroup(group, withinMs));
  }

  ping(): Promise<void> {
    return this.call('ping', () => this.inner.ping());
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  nodeOf(keyId: string): string {
    return this.inner.nodeOf?.(keyId) ?? '';
  }

  ready(): Promise<void> | undefined {
    return this.inner.ready?.();
  }

  hasAnswered(error: unknown): boolean {
    return this.inner.hasAnswered?.(error) ?? false;
  }

  version(): number | undefined {
    return this.inner.version?.();
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

import { randomUUID } from 'node:crypto';
import { type TokenKey } from '../config/token-key.js';
import { type Clock } from '../contract/clock.js';
import { type HeardEvent } from '../contract/heard-event.js';
import { keyIdIn } from '../contract/key-group.js';
import { type Moment, momentOf } from '../contract/moment.js';
import { recentlyUsed } from '../contract/recently-used.js';
import { type StoreOperation } from '../contract/token-observer.js';
import {
  type Acquired,
  type Attempt,
  type Committed,
  type Cooldown,
  type Lease,
  type Offered,
  type Peeked,
  type Rejection,
  type RejectionVerdict,
  type StoredToken,
  type TokenGroupEvent,
  type TokenStore,
} from '../contract/token-store.js';
import { type GuardedStore } from './guarded-store.js';

/** What an attempt asks for; any valid token unless it says more. */
export type Wanted = Partial<Omit<Attempt, 'nonce' | 'process' | 'leaseMs'>>;

/** A lease, and what the store said with it. */
export type Granted = Extract<Acquired, { outcome: 'lease' }>;

/** How the store is asked. */
export interface Asking {
  /** False once nobody means to mint: then any lease will do. */
  mayMint?(): boolean;
  /** Called before each attempt, of which there may be several. */
  onAttempt?(): void;
}

/** An answer, and when the call was sent that it belongs to. */
export interface Answered {
  readonly acquired: Acquired;
  readonly sentAt: Moment;
}

/** The answers that say that there is no token, and neither the right to mint one. */
export type Refused = Extract<Acquired, { outcome: 'wait' | 'cooling' }>;

const REMEMBERED_FENCES = 100_000;
const always = (): boolean => true;
const ignore = (): void => {};

/**
 * The store as the protocol speaks to it: by key, with the time limit and the lease of the key's policy.
 *
 * The process is one holder. All its attempts bear one nonce, so that a lease which was granted unheard, or is held by other
 * work of the process, is granted to it again.
 *
 * Every method throws TokenStoreUnavailableError.
 */
export class StoreClient {
  /** What the store knows this process by. */
  readonly process = randomUUID();
  private readonly answeredAt = new WeakMap<Lease | Refused, number>();
  /** When a lease ends that nobody renews, reckoned from before it was asked for. */
  private readonly leaseEndsAt = new WeakMap<Lease, number>();
  /** Leases that are being given up: until the store answers, it may grant them to this process again. */
  private readonly releases = new Map<string, Promise<void>>();
  /** The newest fence that the store showed of each key. */
  private readonly fences = recentlyUsed<number>(REMEMBERED_FENCES);
  /** The fence of the last purge of each integration that this process heard of; they are few. */
  private readonly groupPurges = new Map<string, number>();

  /** @param onVoided hears with each answer up to which fence tokens are void, and of a marked token that is still there */
  constructor(
    private readonly store: GuardedStore,
    private readonly clock: Clock,
    private readonly onVoided: (keyId: string, voidedUpTo: number, marked: StoredToken | undefined) => void,
  ) {}

  /** What is there; a cool-down only if it binds this process. */
  async peek(key: TokenKey): Promise<Peeked> {
    const { cooldown, ...peeked } = await this.call(key, 'peek', (store) => store.peek(addressOf(key)));
    const { token, isRejected, voidedUpTo } = peeked;
    this.raise(key, Math.max(voidedUpTo, token?.fence ?? 0));
    this.onVoided(key.id, voidedUpTo, isRejected ? token : undefined);
    const isBound = cooldown !== undefined && (cooldown.process ?? this.process) === this.process;
    return isBound ? { ...peeked, cooldown } : peeked;
  }

  /** As `ask`, where the moment does not matter. */
  async acquire(key: TokenKey, wanted: Wanted = {}): Promise<Acquired> {
    return (await this.ask(key, wanted)).acquired;
  }

  /**
   * Asks for the token, or for the right to mint it. A lease lasts for at least `leaseMs` from now, also one that was granted
   * before: what is left of that may be too short to mint. One that this process is giving up does not count, since the store did
   * not know of that yet.
   */
  async ask(key: TokenKey, wanted: Wanted, asking: Asking = {}): Promise<Answered> {
    const { mayMint = always, onAttempt = ignore } = asking;
    onAttempt();
    const answered = await this.attempt(key, wanted);
    const { acquired } = answered;
    if (acquired.outcome !== 'lease' || !mayMint()) return answered;
    const release = this.releases.get(releaseId(key, acquired.lease));
    if (release) return release.then(() => this.ask(key, wanted, asking));
    if (!isGrantedBefore(acquired)) return answered;
    if ((await this.renew(key, acquired.lease)) || !mayMint()) return answered;
    onAttempt();
    return this.attempt(key, wanted);
  }

  async renew(key: TokenKey, lease: Lease): Promise<boolean> {
    const sentAt = this.clock.monotonic();
    const isOurs = await this.call(key, 'renew', (store) => store.renew(addressOf(key), lease));
    if (isOurs) this.leaseEndsAt.set(lease, sentAt + lease.leaseMs);
    return isOurs;
  }

  /** What is left of a lease of this process, in ms; less than nothing once it may be another's. */
  leaseLeftMs(lease: Lease): number {
    const now = this.clock.monotonic();
    return (this.leaseEndsAt.get(lease) ?? now) - now;
  }

  commit(key: TokenKey, lease: Lease, payload: string, ttlMs: number): Promise<Committed> {
    const sinceGrantMs = this.sinceAnswerMs(lease);
    return this.call(key, 'commit', (store) =>
      store.commit(addressOf(key), { ...lease, sinceGrantMs }, payload, ttlMs),
    );
  }

  /** Offers a token to a store that refused to grant a lease for it. */
  offer(key: TokenKey, refused: Refused, generation: number, payload: string, ttlMs: number): Promise<Offered> {
    const since = { answeredAtUs: refused.answeredAtUs, sinceMs: this.sinceAnswerMs(refused) ?? 0 };
    return this.call(key, 'offer', (store) => store.offer(addressOf(key), generation, payload, ttlMs, since));
  }

  fail(key: TokenKey, lease: Lease, cooldown?: Cooldown): Promise<boolean> {
    const failed = this.call(key, 'fail', (store) => store.fail(addressOf(key), lease, cooldown));
    const id = releaseId(key, lease);
    const end = (): void => void this.releases.delete(id);
    this.releases.set(id, failed.then(end, end));
    return failed;
  }

  invalidate(key: TokenKey, rejection: Rejection): Promise<RejectionVerdict> {
    return this.call(key, 'invalidate', (store) => store.invalidate(addressOf(key), rejection));
  }

  /** Insists: it is rare, and its caller knows of a leak. */
  async purge(key: TokenKey): Promise<number> {
    const { storeTimeoutMs } = key.integration.policy;
    const fence = await this.store.insist(key.id, 'purge', storeTimeoutMs, (store, withinMs) =>
      store.purge(addressOf(key), withinMs),
    );
    this.raise(key, fence);
    return fence;
  }

  /** The same for all keys of the integration of that key. */
  async purgeGroup({ group, integration }: TokenKey): Promise<number> {
    const { storeTimeoutMs } = integration.policy;
    const fence = await this.store.insist(undefined, 'purgeGroup', storeTimeoutMs, (store, withinMs) =>
      store.purgeGroup(group, withinMs),
    );
    this.raiseGroup({ group, fence });
    return fence;
  }

  /** What was purged or rejected elsewhere lies below what is minted from now on. */
  hear(event: HeardEvent): void {
    if (event.fence === undefined) return;
    if (event.type === 'purged-group') this.raiseGroup(event);
    if (event.type === 'purged' || event.type === 'invalidated') this.raise({ id: event.keyId }, event.fence);
  }

  /** The fence of a mint that begins now without a lease: right above all that this process saw, below all that comes. */
  fenceWithoutLease(key: TokenKey): number {
    const newest = Math.max(this.fences.get(key.id) ?? 0, this.groupPurges.get(key.group) ?? 0);
    return this.raise(key, newest + 1);
  }

  private async attempt(key: TokenKey, { minTtlMs = 0, refusedGeneration }: Wanted): Promise<Answered> {
    const { leaseMs } = key.integration.policy;
    const attempt = {
      nonce: this.process,
      process: this.process,
      leaseMs,
      minTtlMs: Math.ceil(minTtlMs),
      refusedGeneration,
    };
    const answered = await this.call(key, 'acquire', async (store) => {
      // It may be sent once more after a stall, and then either is answered first.
      const sentAt = momentOf(this.clock);
      return { acquired: await store.acquire(addressOf(key), attempt), sentAt };
    });
    const { acquired, sentAt } = answered;
    this.note(key, acquired, sentAt.monotonicAt);
    this.onVoided(key.id, acquired.voidedUpTo, acquired.outcome === 'hit' ? undefined : acquired.rejected);
    return answered;
  }

  private note(key: TokenKey, acquired: Acquired, sentAt: number): void {
    switch (acquired.outcome) {
      case 'hit':
        this.raise(key, Math.max(acquired.voidedUpTo, acquired.token.fence));
        break;
      case 'lease':
        this.raise(key, acquired.lease.fence);
        this.answeredAt.set(acquired.lease, this.clock.monotonic());
        this.leaseEndsAt.set(acquired.lease, sentAt + acquired.leaseEndsInMs);
        break;
      default:
        this.raise(key, Math.max(acquired.voidedUpTo, acquired.rejected?.fence ?? 0));
        this.answeredAt.set(acquired, this.clock.monotonic());
    }
  }

  private raiseGroup({ group, fence }: Pick<TokenGroupEvent, 'group' | 'fence'>): void {
    this.groupPurges.set(group, Math.max(this.groupPurges.get(group) ?? 0, fence));
  }

  private raise({ id }: Pick<TokenKey, 'id'>, fence: number): number {
    const newest = Math.max(this.fences.get(id) ?? 0, fence);
    this.fences.set(id, newest);
    return newest;
  }

  private sinceAnswerMs(answer: Lease | Refused): number | undefined {
    const answeredAt = this.answeredAt.get(answer);
    return answeredAt === undefined ? undefined : Math.floor(this.clock.monotonic() - answeredAt);
  }

  private call<T>(key: TokenKey, operation: StoreOperation, call: (store: TokenStore) => Promise<T>): Promise<T> {
    return this.store.call(key.id, operation, key.integration.policy.storeTimeoutMs, call);
  }
}

/** What the store is told of a key. */
function addressOf({ group, id }: TokenKey): string {
  return keyIdIn(group, id);
}

function isGrantedBefore({ lease, leaseEndsInMs }: Granted): boolean {
  return leaseEndsInMs < lease.leaseMs;
}

function releaseId({ id }: TokenKey, { fence }: Lease): string {
  return `${id} ${fence}`;
}

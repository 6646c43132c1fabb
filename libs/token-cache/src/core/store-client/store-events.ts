import { type Clock } from '../contract/clock.js';
import { concerns, type KeyInGroup } from '../contract/concerns.js';
import { type HeardEvent } from '../contract/heard-event.js';
import { type TokenStoreEvents } from '../contract/token-store.js';
import { KeyWatch, type ToldToWait, type WatchTimer } from './key-watch.js';
import { type LookPace } from './look-pace.js';
import { type Looks } from './looks.js';

/** Waiters of a lease that ended unannounced come back within this of each other. */
const LEASE_END_JITTER_MS = 50;

interface WatchedKey extends KeyInGroup {
  readonly watches: Set<KeyWatch>;
}

/** The events of the store, as one subscription brings them to the process: to each watch of a key, and to the tokens in hand. */
export class StoreEvents implements WatchTimer {
  private readonly watches = new Map<string, WatchedKey>();
  private readonly unsubscribe?: () => void;
  /** Monotonic instant; undefined while they do not. */
  private arriveSince?: number;

  constructor(
    private readonly clock: Clock,
    private readonly random: () => number,
    events: TokenStoreEvents | undefined,
    private readonly looks: Looks,
    private readonly onEvent: (event: HeardEvent) => void,
  ) {
    this.unsubscribe = events?.subscribe({
      event: (event) => this.deliver(event),
      up: () => this.changeTo(this.clock.monotonic()),
      down: () => this.changeTo(undefined),
    });
  }

  get isInterrupted(): boolean {
    return this.arriveSince === undefined;
  }

  /** What the store said before events arrived may have changed unheard. */
  hasHeardSince(at: number): boolean {
    return this.arriveSince !== undefined && at >= this.arriveSince;
  }

  /** Watches a key; call it before the store call that may answer `wait`, since the event can overtake the answer. */
  watch({ id, group }: KeyInGroup): KeyWatch {
    const watch = new KeyWatch(this, () => this.forget(id, watch));
    const watched = this.watches.get(id);
    if (watched) watched.watches.add(watch);
    else this.watches.set(id, { id, group, watches: new Set([watch]) });
    return watch;
  }

  deliver(event: HeardEvent): void {
    this.onEvent(event);
    for (const watch of this.watchesOf(event)) watch.notice(event);
  }

  /** This process gave up the lease of that fence. */
  released(keyId: string, fence: number): void {
    for (const watch of this.watchesOfKey(keyId)) watch.noticeRelease(fence);
  }

  /** Whatever waits for that key looks again: this process has a token of its own to give. */
  wake(keyId: string): void {
    for (const watch of this.watchesOfKey(keyId)) watch.wake();
  }

  lookAgain({ askedAt, leaseEndsInMs }: ToldToWait, pace: LookPace, callback: () => void): () => void {
    const leaseEndMs = leaseEndsInMs + this.random() * LEASE_END_JITTER_MS;
    if (this.arriveSince !== undefined) return this.clock.after(leaseEndMs, callback);
    return this.looks.next({ askedAt, latestAt: this.clock.monotonic() + leaseEndMs, pace, callback });
  }

  wakeAll(): void {
    for (const { watches } of this.watches.values()) for (const watch of watches) watch.wake();
  }

  close(): void {
    this.unsubscribe?.();
    this.arriveSince = undefined;
  }

  /** What happened while the channel was down is unknown, so every waiter looks again. */
  private changeTo(arriveSince: number | undefined): void {
    this.arriveSince = arriveSince;
    this.wakeAll();
  }

  private forget(keyId: string, watch: KeyWatch): void {
    const watched = this.watches.get(keyId);
    watched?.watches.delete(watch);
    if (watched?.watches.size === 0) this.watches.delete(keyId);
  }

  private watchesOfKey(keyId: string): Iterable<KeyWatch> {
    return this.watches.get(keyId)?.watches ?? [];
  }

  private watchesOf(event: HeardEvent): Iterable<KeyWatch> {
    if (event.type !== 'purged-group') return this.watchesOfKey(event.keyId);
    const concerned = [...this.watches.values()].filter((watched) => concerns(event, watched));
    return concerned.flatMap(({ watches }) => [...watches]);
  }
}

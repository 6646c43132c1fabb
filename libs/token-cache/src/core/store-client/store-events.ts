import { type Clock } from '../contract/clock.js';
import { NO_LEASE } from '../source-client/source-client.js';
import { type Channel } from '../in-hand/near-cache.js';
import { type TokenStoreEvent, type TokenStoreEvents } from '../contract/token-store.js';

/** While events are not arriving, a waiter looks again after this, growing to the second. */
const LEAST_POLL_MS = 50;
const MOST_POLL_MS = 250;
/** Waiters of a lease that ended unannounced come back within this of each other. */
const LEASE_END_JITTER_MS = 50;

/** Wakes those who wait for a key, and tells them what was voided meanwhile. One subscription serves the process. */
export class StoreEvents implements Channel {
  isUp = false;
  upSince = Number.POSITIVE_INFINITY;
  private readonly watches = new Map<string, Set<KeyWatch>>();
  private readonly unsubscribe?: () => void;

  constructor(
    readonly clock: Clock,
    readonly random: () => number,
    events: TokenStoreEvents | undefined,
    private readonly onVoided: (event: TokenStoreEvent) => void,
  ) {
    this.unsubscribe = events?.subscribe({
      event: (event) => this.deliver(event),
      up: () => this.resume(),
      down: () => {
        this.isUp = false;
        this.wakeAll();
      },
    });
  }

  /** Registers for a key; call it before the store call that may answer "wait", since the event can overtake the answer. */
  watch(keyId: string): KeyWatch {
    const watch = new KeyWatch(this, () => this.forget(keyId, watch));
    const watches = this.watches.get(keyId);
    if (watches) watches.add(watch);
    else this.watches.set(keyId, new Set([watch]));
    return watch;
  }

  deliver(event: TokenStoreEvent): void {
    if (event.type === 'invalidated' || event.type === 'purged') this.onVoided(event);
    for (const watch of this.watches.get(event.keyId) ?? []) watch.notice(event);
  }

  close(): void {
    this.unsubscribe?.();
    this.isUp = false;
  }

  /** What happened while the channel was down is unknown, so everybody looks again. */
  private resume(): void {
    this.isUp = true;
    this.upSince = this.clock.monotonic();
    this.wakeAll();
  }

  wakeAll(): void {
    for (const watches of this.watches.values()) for (const watch of watches) watch.wake();
  }

  private forget(keyId: string, watch: KeyWatch): void {
    const watches = this.watches.get(keyId);
    watches?.delete(watch);
    if (watches?.size === 0) this.watches.delete(keyId);
  }
}

/** One flight's interest in a key. */
export class KeyWatch {
  private voidedUpTo = 0;
  private purged = false;
  private awake = false;
  private polls = 0;
  private resolve?: () => void;

  constructor(
    private readonly channel: StoreEvents,
    readonly close: () => void,
  ) {}

  notice({ type, fence }: TokenStoreEvent): void {
    if (type === 'purged') this.purged = true;
    if (type === 'invalidated' || type === 'purged') this.voidedUpTo = Math.max(this.voidedUpTo, fence);
    this.wake();
  }

  /** Whether what was minted under that fence was invalidated or purged while we watched; any purge voids what had no lease. */
  hasVoided(fence: number): boolean {
    return fence === NO_LEASE ? this.purged : fence <= this.voidedUpTo;
  }

  /** A call sent from now on is answered in full knowledge of what was voided before. */
  forgetVoided(): void {
    this.voidedUpTo = 0;
    this.purged = false;
  }

  wake(): void {
    this.awake = true;
    this.resolve?.();
  }

  /** Resolves at the next event, at the end of the lease, or when it is time to look again; at once if woken already. */
  async wait(leaseEndsInMs: number): Promise<void> {
    if (!this.awake) {
      let cancel: () => void = () => {};
      await new Promise<void>((resolve) => {
        this.resolve = resolve;
        cancel = this.channel.clock.after(this.delayMs(leaseEndsInMs), resolve);
      });
      cancel();
    }
    this.awake = false;
  }

  private delayMs(leaseEndsInMs: number): number {
    const { isUp, random } = this.channel;
    const leaseEndMs = leaseEndsInMs + random() * LEASE_END_JITTER_MS;
    return isUp ? leaseEndMs : Math.min(leaseEndMs, Math.min(MOST_POLL_MS, LEAST_POLL_MS * ++this.polls));
  }
}

import { isPurge } from '../contract/concerns.js';
import { type HeardEvent } from '../contract/heard-event.js';
import { type HeldToken, isVoidedBy } from '../contract/held-token.js';
import { voids } from '../contract/mint-fence.js';
import { LookPace } from './look-pace.js';

/** What a waiter was told. */
export interface ToldToWait {
  /** Monotonic instant before the store was asked. */
  readonly askedAt: number;
  readonly leaseEndsInMs: number;
}

/** How long a watch waits; a channel of events knows. */
export interface WatchTimer {
  /** Runs `callback` when it is time to look again; the returned function cancels it. */
  lookAgain(told: ToldToWait, pace: LookPace, callback: () => void): () => void;
}

type VoidingEvent = 'invalidated' | 'purged';

/** What one piece of work hears of a key, from before its first store call to its end. */
export class KeyWatch {
  private readonly heard = new Map<VoidingEvent, HeardEvent>();
  private readonly overtakings = new Set<{ readonly fence: number; readonly resolve: () => void }>();
  private readonly awaiting = new Set<() => void>();
  private readonly pace = new LookPace();
  private released = 0;
  private isAwake = false;
  private resolve?: () => void;

  constructor(
    private readonly timer: WatchTimer,
    /** Ends the watch. */
    readonly close: () => void,
  ) {}

  notice(event: HeardEvent): void {
    if (isPurge(event)) this.remember('purged', event);
    if (event.type === 'invalidated') this.remember('invalidated', event);
    if (event.type === 'stored') {
      for (const { fence, resolve } of this.overtakings) if (fence !== event.fence) resolve();
    }
    this.wake();
  }

  /** Resolves when another process stores a token while the one with that fence is minted; never otherwise. */
  overtaken(fence: number): Promise<void> {
    return new Promise((resolve) => this.overtakings.add({ fence, resolve }));
  }

  /** This process gave up the lease of that fence. */
  noticeRelease(fence: number): void {
    this.released = Math.max(this.released, fence);
  }

  /** Whether that lease was given up while we watched: an answer that grants it was overtaken. */
  hasReleased(fence: number): boolean {
    return fence <= this.released;
  }

  /** Whether what was minted under that fence was rejected or purged while we watched. */
  hasVoided(fence: number): boolean {
    return [...this.heard.values()].some((event) => voids(event, fence));
  }

  /** Whether that token was rejected or purged while we watched. */
  hasVoidedToken(held: HeldToken): boolean {
    return [...this.heard.values()].some((event) => isVoidedBy(event, held));
  }

  /** Whether it was purged while we watched. */
  hasPurged(fence: number): boolean {
    const purged = this.heard.get('purged');
    return purged !== undefined && voids(purged, fence);
  }

  /** A call that is sent from now on is answered in full knowledge of what happened before. */
  forget(): void {
    this.heard.clear();
    this.released = 0;
    this.isAwake = false;
  }

  wake(): void {
    this.isAwake = true;
    this.resolve?.();
    for (const resolve of this.awaiting) resolve();
    this.awaiting.clear();
  }

  /** Resolves when something happens from now on; never otherwise. */
  woken(): Promise<void> {
    return new Promise((resolve) => this.awaiting.add(resolve));
  }

  /** Resolves at the next event, at the end of the lease, or when it is time to look again; at once if woken already. */
  async wait(told: ToldToWait): Promise<void> {
    if (!this.isAwake) {
      await new Promise<void>((resolve) => {
        const cancel = this.timer.lookAgain(told, this.pace, resolve);
        this.resolve = () => {
          cancel();
          resolve();
        };
      });
    }
    this.isAwake = false;
  }

  private remember(type: VoidingEvent, event: HeardEvent): void {
    const last = this.heard.get(type);
    if (!last || event.fence === undefined || !voids(last, event.fence)) this.heard.set(type, event);
  }
}

import { type MintFence, voids } from '../contract/mint-fence.js';
import { type TokenStoreEvent } from '../contract/token-store.js';

/** How long a watch waits; a channel of events knows. */
export interface WatchTimer {
  /** Runs `callback` when it is time to look again; the returned function cancels it. */
  lookAgain(leaseEndsInMs: number, polls: number, callback: () => void): () => void;
}

type VoidingEvent = 'invalidated' | 'purged';

/** What one piece of work hears of a key, from before its first store call to its end. */
export class KeyWatch {
  private readonly heard = new Map<VoidingEvent, TokenStoreEvent>();
  private isAwake = false;
  private polls = 0;
  private resolve?: () => void;

  constructor(
    private readonly timer: WatchTimer,
    /** Ends the watch. */
    readonly close: () => void,
  ) {}

  notice(event: TokenStoreEvent): void {
    if (event.type === 'purged' || event.type === 'invalidated') this.remember(event.type, event);
    this.wake();
  }

  /** Whether what was minted under that fence was rejected or purged while we watched. */
  hasVoided(fence: MintFence): boolean {
    return [...this.heard.values()].some((event) => voids(event, fence));
  }

  /** Whether it was purged while we watched. */
  hasPurged(fence: MintFence): boolean {
    const purged = this.heard.get('purged');
    return purged !== undefined && voids(purged, fence);
  }

  /** A call that is sent from now on is answered in full knowledge of what was voided before. */
  forgetVoided(): void {
    this.heard.clear();
  }

  wake(): void {
    this.isAwake = true;
    this.resolve?.();
  }

  /** Resolves at the next event, at the end of the lease, or when it is time to look again; at once if woken already. */
  async wait(leaseEndsInMs: number): Promise<void> {
    if (!this.isAwake) {
      await new Promise<void>((resolve) => {
        const cancel = this.timer.lookAgain(leaseEndsInMs, this.polls++, resolve);
        this.resolve = () => {
          cancel();
          resolve();
        };
      });
    }
    this.isAwake = false;
  }

  private remember(type: VoidingEvent, event: TokenStoreEvent): void {
    const last = this.heard.get(type);
    if (!last || last.fence < event.fence) this.heard.set(type, event);
  }
}

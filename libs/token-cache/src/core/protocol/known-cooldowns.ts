import { type Clock } from '../contract/clock.js';
import { recentlyUsed } from '../contract/recently-used.js';
import { type Cooldown } from '../contract/token-store.js';

const REMEMBERED_KEYS = 10_000;
/** Another process may end a cool-down, which is announced only where a process waits. */
const ASK_AGAIN_MS = 1_000;

/** The cool-downs that the store told of, so that it is asked for each at most once a second. */
export class KnownCooldowns {
  private readonly known = recentlyUsed<{ readonly cooldown: Cooldown; readonly learntAt: number }>(REMEMBERED_KEYS);

  /** @param hasEvents whether the store tells of what happens; one that does not is cheap to ask, and is asked each time */
  constructor(
    private readonly clock: Clock,
    private readonly hasEvents: boolean,
  ) {}

  learn(keyId: string, cooldown: Cooldown): void {
    this.known.set(keyId, { cooldown, learntAt: this.clock.monotonic() });
  }

  /** The cool-down as it is now, unless the store is to be asked again. */
  recent(keyId: string): Cooldown | undefined {
    const known = this.hasEvents ? this.known.get(keyId) : undefined;
    if (!known) return undefined;
    const elapsedMs = this.clock.monotonic() - known.learntAt;
    const remainingMs = Math.ceil(known.cooldown.remainingMs - elapsedMs);
    return elapsedMs < ASK_AGAIN_MS && remainingMs > 0 ? { ...known.cooldown, remainingMs } : undefined;
  }

  /** Something happened to that key. */
  forget(keyId: string): void {
    this.known.delete(keyId);
  }
}

import { type Clock } from '../contract/clock.js';
import { type KeyInGroup } from '../contract/concerns.js';
import { recentlyUsed } from '../contract/recently-used.js';
import { type Cooldown } from '../contract/token-store.js';
import { type Demand } from '../in-hand/demand.js';

const REMEMBERED_KEYS = 10_000;
/** Another process may end a cool-down, which is announced only where a process waits. */
const ASK_AGAIN_MS = 1_000;

interface Known {
  readonly group: string;
  readonly cooldown: Cooldown;
  readonly learntAt: number;
}

/** The cool-downs that the store told of, so that it is asked for each at most once a second. */
export class KnownCooldowns {
  private readonly known = recentlyUsed<Known>(REMEMBERED_KEYS);

  /** @param hasEvents whether the store tells of what happens; one that does not is cheap to ask, and is asked each time */
  constructor(
    private readonly clock: Clock,
    private readonly hasEvents: boolean,
  ) {}

  /** @param demand of the caller that was told; one who asks for less may still be given a token */
  learn({ id, group }: KeyInGroup, cooldown: Cooldown, demand: Demand = {}): void {
    if (demand.minLifeMs && demand.refusedGeneration !== undefined) return;
    const learntAt = this.clock.monotonic();
    this.known.set(demand.minLifeMs ? longLived(id) : id, { group, cooldown, learntAt });
  }

  /** The cool-down as it is now, unless the store is to be asked again. */
  recent(keyId: string, demand: Demand = {}): Cooldown | undefined {
    return this.of(keyId) ?? (demand.minLifeMs ? this.of(longLived(keyId)) : undefined);
  }

  private of(keyId: string): Cooldown | undefined {
    const known = this.hasEvents ? this.known.get(keyId) : undefined;
    if (!known) return undefined;
    const elapsedMs = this.clock.monotonic() - known.learntAt;
    const remainingMs = Math.ceil(known.cooldown.remainingMs - elapsedMs);
    return elapsedMs < ASK_AGAIN_MS && remainingMs > 0 ? { ...known.cooldown, remainingMs } : undefined;
  }

  /** Something happened to all keys of a group. */
  forgetGroup(group: string): void {
    for (const [keyId, known] of [...this.known.entries()]) if (known.group === group) this.known.delete(keyId);
  }

  /** Something happened to that key. */
  forget(keyId: string): void {
    this.known.delete(keyId);
    this.known.delete(longLived(keyId));
  }
}

/** Where what concerns only the callers that need a token for long is remembered. */
function longLived(keyId: string): string {
  return `${keyId} long-lived`;
}

import { type Clock } from '../contract/clock.js';
import { type KeyInGroup } from '../contract/concerns.js';
import { type HeardEvent } from '../contract/heard-event.js';
import { type Moment, momentOf, passedMs } from '../contract/moment.js';
import { recentlyUsed } from '../contract/recently-used.js';
import { type Cooldown } from '../contract/token-store.js';
import { type Demand } from '../in-hand/demand.js';

/** Another process may end a cool-down, which is announced only where a process waits. */
const ASK_AGAIN_MS = 1_000;

interface Known {
  readonly group: string;
  readonly cooldown: Cooldown;
  readonly learntAt: Moment;
  /** Of the mint of this process that failed, if that began the cool-down. */
  readonly fence?: number | undefined;
}

/** The cool-downs that the store knows of, so that it is asked for each at most once a second, and so that they bind also without it. */
export class KnownCooldowns {
  private readonly known = recentlyUsed<Known>();

  /** @param hasEvents whether the store tells of what happens; one that does not is cheap to ask, and is asked each time */
  constructor(
    private readonly clock: Clock,
    private readonly hasEvents: boolean,
  ) {}

  /** @param demand of the caller that was told; one who asks for less may still be given a token */
  learn({ id, group }: KeyInGroup, cooldown: Cooldown, demand: Demand = {}): void {
    if (demand.minLifeMs && demand.refusedGeneration !== undefined) return;
    const place = demand.minLifeMs ? longLived(id) : id;
    this.known.set(place, { group, cooldown, learntAt: momentOf(this.clock), fence: this.known.get(place)?.fence });
  }

  /** The store began it because of this process, whose mint under that fence failed. */
  begin({ id, group }: KeyInGroup, cooldown: Cooldown, fence: number): void {
    this.known.set(id, { group, cooldown, learntAt: momentOf(this.clock), fence });
  }

  /** The cool-down as it is now, unless the store is to be asked again. */
  recent(keyId: string, demand: Demand = {}): Cooldown | undefined {
    return this.of(keyId) ?? (demand.minLifeMs ? this.of(longLived(keyId)) : undefined);
  }

  /**
   * The cool-down as it is now, however long ago the store told of it: for a mint that cannot ask the store.
   *
   * @param obtainedAt when this process had its last token, which ended every cool-down before it; ms of the monotonic clock
   */
  last(keyId: string, obtainedAt = Number.NEGATIVE_INFINITY): Cooldown | undefined {
    const known = this.known.get(keyId);
    return known && known.learntAt.monotonicAt >= obtainedAt ? this.present(known) : undefined;
  }

  /** Something happened to a key or a group of keys. */
  notice(event: HeardEvent): void {
    if (event.type === 'purged-group') {
      for (const [keyId, known] of [...this.known.entries()]) if (known.group === event.group) this.known.delete(keyId);
      return;
    }
    const { type, keyId, fence } = event;
    // The event of its own failure may come late.
    if (type === 'failed' && this.known.get(keyId)?.fence === fence) return;
    this.known.delete(keyId);
    this.known.delete(longLived(keyId));
  }

  private of(keyId: string): Cooldown | undefined {
    const known = this.hasEvents ? this.known.get(keyId) : undefined;
    return known && this.passedMs(known) < ASK_AGAIN_MS ? this.present(known) : undefined;
  }

  private present(known: Known): Cooldown | undefined {
    const remainingMs = Math.ceil(known.cooldown.remainingMs - this.passedMs(known));
    return remainingMs > 0 ? { ...known.cooldown, remainingMs } : undefined;
  }

  private passedMs({ learntAt }: Known): number {
    return passedMs(learntAt, momentOf(this.clock));
  }
}

/** Where what concerns only the callers that need a token for long is remembered. */
function longLived(keyId: string): string {
  return `${keyId} long-lived`;
}

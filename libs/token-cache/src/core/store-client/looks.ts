import { type Clock } from '../contract/clock.js';
import { type LookPace } from './look-pace.js';
import { type StoreVersion } from './store-version.js';

/** How often the version is looked at while a look at the store is put off. */
const VERSION_MS = 10;

/** A look at the store by one that waits. */
export interface Look {
  /** Monotonic instant from before the store was asked for the last time. */
  readonly askedAt: number;
  /** Monotonic instant at which it is due in any case. */
  readonly latestAt: number;
  readonly pace: LookPace;
  readonly callback: () => void;
}

/**
 * When those that wait look again at a store that announces nothing: at their own pace. If the store tells a version, a look is put
 * off until that has changed, since the answer would be the same; one timer sees to that for the process, and only while there are
 * such looks.
 */
export class Looks {
  /** Since when each is put off. */
  private readonly putOff = new Map<Look, number>();
  private cancelTimer = (): void => {};

  /** @param version unset for a store that tells none */
  constructor(
    private readonly clock: Clock,
    private readonly version: Pick<StoreVersion, 'hasHeardSince'> | undefined,
  ) {}

  /** Calls back when it is time; the returned function cancels that. */
  next(look: Look): () => void {
    const restMs = look.latestAt - this.clock.monotonic();
    const cancelPause = this.clock.after(Math.min(restMs, look.pace.pauseMs()), () => {
      if (this.isDue(look)) look.callback();
      else this.add(look);
    });
    return () => {
      cancelPause();
      this.putOff.delete(look);
      if (this.putOff.size === 0) this.cancelTimer();
    };
  }

  private add(look: Look): void {
    this.putOff.set(look, this.clock.monotonic());
    if (this.putOff.size === 1) this.startTimer();
  }

  private startTimer(): void {
    this.cancelTimer = this.clock.after(VERSION_MS, () => {
      const due = [...this.putOff].filter(([look]) => this.isDue(look));
      for (const [look] of due) this.putOff.delete(look);
      if (this.putOff.size > 0) this.startTimer();
      for (const [{ pace, callback }, since] of due) {
        pace.wasPutOff(this.clock.monotonic() - since);
        callback();
      }
    });
  }

  /** Without a version anything may have changed. */
  private isDue({ askedAt, latestAt }: Look): boolean {
    return this.clock.monotonic() >= latestAt || !this.version?.hasHeardSince(askedAt);
  }
}

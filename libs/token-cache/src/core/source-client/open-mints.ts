import { type Clock } from '../contract/clock.js';

/** Gives a place back; may be called more than once. */
export type Release = () => void;

/** How long, and for what, a place is waited for. */
export interface Turn {
  /** How many may be open at once. */
  readonly limit: number;
  readonly timeoutMs: number;
  timeoutError(): Error;
}

interface Waiter {
  readonly limit: number;
  admit(): void;
  refuse(error: Error): void;
}

interface Lane {
  open: number;
  /** In the order of their arrival. */
  readonly waiters: Set<Waiter>;
}

/** Bounds the token requests that are open at once, lane by lane: first come, first served. */
export class OpenMints {
  private readonly lanes = new Map<string, Lane>();

  constructor(private readonly clock: Clock) {}

  /** A place at once, if one is free. */
  tryEnter(name: string, limit: number): Release | undefined {
    const lane = this.laneOf(name);
    // What waits under a lower limit cannot enter yet, and holds up nothing.
    if (lane.open >= limit) return undefined;
    lane.open++;
    return this.placeIn(name, lane);
  }

  /** @throws the `timeoutError` when no place is free in time */
  async enter(name: string, turn: Turn): Promise<Release> {
    const place = this.tryEnter(name, turn.limit);
    if (place) return place;
    const lane = this.laneOf(name);
    await this.wait(lane, turn);
    return this.placeIn(name, lane);
  }
  /** Sends all that wait away. */
  refuseAll(error: Error): void {
    for (const { waiters } of this.lanes.values()) {
      for (const waiter of waiters) waiter.refuse(error);
    }
  }

  private laneOf(name: string): Lane {
    const lane = this.lanes.get(name) ?? { open: 0, waiters: new Set() };
    this.lanes.set(name, lane);
    return lane;
  }

  private placeIn(name: string, lane: Lane): Release {
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      this.leave(name, lane);
    };
  }

  /** Resolves once its place is taken. */
  private wait(lane: Lane, { limit, timeoutMs, timeoutError }: Turn): Promise<void> {
    return new Promise((resolve, reject) => {
      const leaveQueue = (): void => {
        cancelTimeout();
        lane.waiters.delete(waiter);
      };
      const waiter: Waiter = {
        limit,
        admit: () => {
          leaveQueue();
          lane.open++;
          resolve();
        },
        refuse: (error) => {
          leaveQueue();
          reject(error);
        },
      };
      const cancelTimeout = this.clock.after(timeoutMs, () => waiter.refuse(timeoutError()));
      lane.waiters.add(waiter);
    });
  }

  private leave(name: string, lane: Lane): void {
    lane.open--;
    for (const waiter of lane.waiters) {
      if (lane.open < waiter.limit) waiter.admit();
    }
    if (lane.open === 0 && lane.waiters.size === 0) this.lanes.delete(name);
  }
}

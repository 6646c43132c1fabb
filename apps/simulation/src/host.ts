/** Something with a life and clocks of its own: a process of the fleet, the store's server, the identity provider. */
export class Host {
  isPaused = false;
  isDead = false;
  /** How far its wall clock was ever set forward, in all. */
  forwardMs = 0;
  /** Its machine sleeps: its monotonic clock and its timers stand still, its wall clock goes on. */
  isSuspended = false;
  /** How long it slept in all: what its monotonic clock is behind. */
  suspendedMs = 0;
  private offsetMs = 0;

  /** @param bootedMsAgo makes monotonic clocks of different hosts incomparable, as they are */
  constructor(
    readonly name: string,
    readonly bootedMsAgo = 0,
  ) {}

  /** What its wall clock says beyond the true time; a step changes it. */
  get wallOffsetMs(): number {
    return this.offsetMs;
  }

  set wallOffsetMs(offsetMs: number) {
    this.forwardMs += Math.max(0, offsetMs - this.offsetMs);
    this.offsetMs = offsetMs;
  }
}

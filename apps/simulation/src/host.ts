/** Something with a life and clocks of its own: a process of the fleet, the store's server, the identity provider. */
export class Host {
  isPaused = false;
  isDead = false;
  /** What its wall clock says beyond the true time; a step changes it. */
  wallOffsetMs = 0;
  /** Its machine sleeps: its monotonic clock and its timers stand still, its wall clock goes on. */
  isSuspended = false;
  /** How long it slept in all: what its monotonic clock is behind. */
  suspendedMs = 0;

  /** @param bootedMsAgo makes monotonic clocks of different hosts incomparable, as they are */
  constructor(
    readonly name: string,
    readonly bootedMsAgo = 0,
  ) {}
}

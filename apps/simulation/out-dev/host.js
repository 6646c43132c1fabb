/** Something with a life and clocks of its own: a process of the fleet, the store's server, the identity provider. */
export class Host {
    name;
    bootedMsAgo;
    isPaused = false;
    isDead = false;
    /** What its wall clock says beyond the true time; a step changes it. */
    wallOffsetMs = 0;
    /** Its machine sleeps: its monotonic clock and its timers stand still, its wall clock goes on. */
    isSuspended = false;
    /** How long it slept in all: what its monotonic clock is behind. */
    suspendedMs = 0;
    /** What fell due while it was paused. */
    held = [];
    /** @param bootedMsAgo makes monotonic clocks of different hosts incomparable, as they are */
    constructor(name, bootedMsAgo = 0) {
        this.name = name;
        this.bootedMsAgo = bootedMsAgo;
    }
}
//# sourceMappingURL=host.js.map
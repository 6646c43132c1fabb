import { FakeClock } from './fake-clock.js';

/** A clock whose timers fire late. */
export class StallingClock extends FakeClock {
  private lateMs = 0;

  /** Moves the time without running what falls due in it, as a busy process does. */
  stall(ms: number): void {
    this.lateMs += ms;
  }

  override monotonic(): number {
    return super.monotonic() + this.lateMs;
  }
}

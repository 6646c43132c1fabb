import { FakeClock } from './fake-clock.js';

/** How far the time moves in one turn of the event loop, in ms. */
const TURN_MS = 20;

/**
 * A clock that goes on by itself, as fast as time does or, on a machine that is held up, more slowly: at most 20 ms in one turn of
 * the event loop. So a request over a real connection takes a small part of a second by it, however busy the machine is.
 */
export class PacedClock extends FakeClock {
  private timer?: NodeJS.Timeout;

  start(): void {
    this.timer = setTimeout(() => void this.advance(TURN_MS).then(() => this.timer && this.start()), TURN_MS);
  }

  stop(): void {
    clearTimeout(this.timer);
    delete this.timer;
  }

  sleep(durationMs: number): Promise<void> {
    return new Promise((resolve) => this.after(durationMs, resolve));
  }
}

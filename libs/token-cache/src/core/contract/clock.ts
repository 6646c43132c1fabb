/** Time as the library sees it; handed in so that tests and simulations own it. */
export interface Clock {
  /** Epoch ms; it may step. Shows what people read, and that the machine slept: what ends is over by the first of both clocks. */
  now(): number;
  /** Ms since some fixed point; never steps, but may stand still while the machine is suspended. Deadlines are measured with it. */
  monotonic(): number;
  /** Runs `callback` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, callback: () => void): () => void;
  /**
   * Runs `callback` once, after the input that has already arrived was delivered. Node runs timers before it reads sockets, so
   * after a stall a timer fires while the answer that it waits for lies in the socket. A clock without this method has no
   * input to wait for: `callback` then runs at once.
   */
  afterInput?(callback: () => void): void;
}

/** Runs `callback` once, after the input that has already arrived was delivered, if the clock knows of input. */
export function afterInput(clock: Clock, callback: () => void): void {
  if (clock.afterInput) clock.afterInput(callback);
  else callback();
}

/** The longest delay of a timer of Node, in ms: a longer one overflows 32 bits and fires at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
  // Immediates run after the poll phase, which reads the sockets.
  afterInput: (callback) => void setImmediate(callback),
};

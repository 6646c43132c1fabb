import { type Clock } from '../contract/clock.js';
import { onAbort } from '../contract/abort-callbacks.js';

/** Work on one key that any number of callers wait for. */
export interface Flight {
  /** Callers that come from now on begin a flight of their own. */
  close(): void;
  /** Closes the flight if no caller waits any more; true if so. */
  closeIfEmpty(): boolean;
  /** Called when the last caller leaves. */
  onEmpty?: () => void;
}

export interface Boarding {
  signal: AbortSignal | undefined;
  /** How long this caller waits. */
  timeoutMs: number;
  timeoutError: () => Error;
}

export interface Landing<T> {
  result: T;
  /** This caller started the flight. */
  isFirst: boolean;
}

/** In-process single flight: one piece of work per key at a time; callers come and go without disturbing it. */
export class Flights<T> {
  private readonly flights = new Map<string, OpenFlight<T>>();

  constructor(private readonly clock: Clock) {}

  /**
   * Waits for the flight of that key, starting it if there is none.
   *
   * @throws what the work throws, the signal's reason, or `timeoutError()`
   */
  join(keyId: string, work: (flight: Flight) => Promise<T>, boarding: Boarding): Promise<Landing<T>> {
    const current = this.flights.get(keyId);
    return (current ?? this.start(keyId, work)).board(boarding, this.clock);
  }

  /** Resolves when every flight has landed. */
  async settled(): Promise<void> {
    while (this.flights.size > 0) await Promise.allSettled([...this.flights.values()].map((flight) => flight.landed));
  }

  private start(keyId: string, work: (flight: Flight) => Promise<T>): OpenFlight<T> {
    const flight = new OpenFlight(work, () => {
      if (this.flights.get(keyId) === flight) this.flights.delete(keyId);
    });
    this.flights.set(keyId, flight);
    return flight;
  }
}

class OpenFlight<T> implements Flight {
  onEmpty?: () => void;
  readonly landed: Promise<T>;
  private aboard = 0;
  private isTaken = false;

  constructor(
    work: (flight: Flight) => Promise<T>,
    readonly close: () => void,
  ) {
    // Started in a microtask, so that the flight is on the map before its work can end.
    this.landed = Promise.resolve()
      .then(() => work(this))
      .finally(close);
    // All callers may have left; the failure is then not an unhandled rejection.
    this.landed.catch(() => {});
  }

  closeIfEmpty(): boolean {
    if (this.aboard > 0) return false;
    this.close();
    return true;
  }

  board({ signal, timeoutMs, timeoutError }: Boarding, clock: Clock): Promise<Landing<T>> {
    const isFirst = !this.isTaken;
    this.isTaken = true;
    this.aboard++;
    return new Promise((resolve, reject) => {
      const leave = (settle: () => void): void => {
        cancelTimeout();
        ignoreSignal();
        settle();
        if (--this.aboard === 0) this.onEmpty?.();
      };
      const cancelTimeout = clock.after(timeoutMs, () => leave(() => reject(timeoutError())));
      const ignoreSignal = onAbort(signal, (reason) => leave(() => reject(reason)));
      this.landed.then(
        (result) => leave(() => resolve({ result, isFirst })),
        (error) => leave(() => reject(error)),
      );
    });
  }
}

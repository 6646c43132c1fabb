import { type Registry } from 'prom-client';
import { collect, type Family, isCumulative } from './family.js';

/** Reads a worker's registry so that nothing is told to anybody before it is safe on disk. */
export class Recorder {
  private last: Promise<unknown> = Promise.resolve();
  private waiting?: Promise<Family[]>;

  constructor(
    private readonly registry: Registry,
    private readonly save: (families: Family[]) => Promise<void>,
  ) {}

  /** Everything as of now, for a scrape. */
  async current(): Promise<Family[]> {
    const gauges = await collect(this.registry, (family) => !isCumulative(family));
    return [...gauges, ...(await this.record())];
  }

  /**
   * Saves what has been counted, and returns it. One at a time, for a snapshot must never replace a younger one; who comes
   * while one is being taken shares the next, since the one under way may have been read too early for him.
   */
  record(): Promise<Family[]> {
    this.waiting ??= this.last.then(() => {
      this.waiting = undefined;
      return this.take();
    });
    this.last = this.waiting.catch(() => undefined);
    return this.waiting;
  }

  private async take(): Promise<Family[]> {
    const families = await collect(this.registry, isCumulative);
    await this.save(families);
    return families;
  }
}

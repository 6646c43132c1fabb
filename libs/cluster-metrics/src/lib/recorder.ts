import { type Registry } from 'prom-client';
import { collect, type Family, isCumulative } from './family.js';

/**
 * Takes snapshots of a registry. A value is saved to disk before it is returned: a counter that a scrape has reported must not go
 * back when the worker is killed.
 */
export class Recorder {
  private last: Promise<unknown> = Promise.resolve();
  /** The snapshot that starts when `last` has ended. */
  private next?: Promise<Family[]>;

  constructor(
    private readonly registry: Registry,
    private readonly save: (families: Family[]) => Promise<void>,
  ) {}

  /** All metrics as of now, for a scrape. */
  async current(): Promise<Family[]> {
    const gauges = await collect(this.registry, (family) => !isCumulative(family));
    return [...gauges, ...(await this.record())];
  }

  /**
   * Saves the counters, histograms and summaries, and returns them. Snapshots are taken one at a time, so that an older one
   * never replaces a newer one. Calls that arrive while a snapshot is taken share the next one: the one in flight may have
   * read the registry before they arrived.
   */
  record(): Promise<Family[]> {
    this.next ??= this.last.then(() => {
      this.next = undefined;
      return this.take();
    });
    this.last = this.next.catch(() => undefined);
    return this.next;
  }

  private async take(): Promise<Family[]> {
    const families = await collect(this.registry, isCumulative);
    await this.save(families);
    return families;
  }
}

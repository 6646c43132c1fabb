import { setTimeout as sleep } from 'node:timers/promises';
import { scrape } from '../metrics.js';
import { causeOf } from './causes.js';
import { CounterWatch } from './counter-watch.js';
import { Delays } from './delays.js';
import { IdpWitness } from './idp-witness.js';
import { type RequestLog } from './request-log.js';
import { type RunningRig } from './rig.js';
import { Vitals } from './vitals.js';

const EVERY_MS = 2_000;

/** Looks at the workers' metrics and at the identity provider's calls all the time. */
export class Watch {
  readonly counters = new CounterWatch();
  readonly vitals = new Vitals();
  readonly delays = new Delays();
  readonly witness: IdpWitness;

  constructor(
    private readonly rig: RunningRig,
    private readonly requests: RequestLog,
  ) {
    this.witness = new IdpWitness(rig.fleet.idp);
  }

  async until(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await this.look();
      await sleep(EVERY_MS);
    }
  }

  private async look(): Promise<void> {
    const startedAt = performance.now();
    try {
      const samples = await scrape(this.rig.fleet.url);
      const at = performance.now();
      this.counters.see(samples);
      this.vitals.see(samples, at);
      this.delays.see(samples, at);
    } catch (error) {
      this.requests.failed({ kind: 'scrape', cause: causeOf(error), startedAt, endedAt: performance.now() });
    } finally {
      this.requests.ended('scrape');
    }
    await this.witness.look();
  }
}

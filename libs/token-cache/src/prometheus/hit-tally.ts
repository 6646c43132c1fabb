import { type Counter } from 'prom-client';
import { type HitLayer } from '../core/contract/token-observer.js';

type Hits = Record<HitLayer, number>;

const tallies = new WeakMap<Counter, HitTally>();

/** The tally of a counter: applications in one process may share a counter of the default registry. */
export function tallyOf(counter: Counter): HitTally {
  let tally = tallies.get(counter);
  if (!tally) tallies.set(counter, (tally = new HitTally(counter)));
  return tally;
}

/**
 * Hits that a counter is told at the next scrape. prom-client makes and hashes a text of the labels at each increment, also by a
 * child of `labels()`, which takes several times as long as the hit that is counted.
 */
export class HitTally {
  private readonly pending = new Map<string, Hits>();

  constructor(private readonly counter: Counter) {}

  add(integration: string, layer: HitLayer): void {
    this.hitsOf(integration)[layer]++;
  }

  /** The next scrape tells of that integration also if it has no hit until then. */
  startAtZero(integration: string): void {
    this.hitsOf(integration);
  }

  /** Tells the counter all hits since the last time. */
  flush(): void {
    for (const [integration, hits] of this.pending) {
      for (const layer of Object.keys(hits) as HitLayer[]) this.counter.inc({ integration, layer }, hits[layer]);
    }
    this.pending.clear();
  }

  private hitsOf(integration: string): Hits {
    let hits = this.pending.get(integration);
    if (!hits) this.pending.set(integration, (hits = { near: 0, shared: 0, waited: 0 }));
    return hits;
  }
}

import { type Meter } from '@opentelemetry/api';
import { HIT_LAYERS } from '../core/contract/measured.js';
import { METRIC_HELP } from '../core/contract/metric-help.js';
import { type HitLayer } from '../core/contract/token-observer.js';
import { INTEGRATION, LAYER } from './scope.js';

type Hits = Record<HitLayer, number>;

const tallies = new WeakMap<Meter, HitTally>();

/** The tally of a meter: the clients of one process share an instrument. */
export function tallyOf(meter: Meter): HitTally {
  let tally = tallies.get(meter);
  if (!tally) tallies.set(meter, (tally = new HitTally(meter)));
  return tally;
}

/** Hits, which the meter reads when it collects: to add one makes a text of its attributes, and takes longer than the hit itself. */
export class HitTally {
  private readonly hits = new Map<string, Hits>();

  constructor(meter: Meter) {
    const counter = meter.createObservableCounter('token.cache.hits', {
      description: METRIC_HELP.hits,
      unit: '{call}',
    });
    counter.addCallback((result) => {
      for (const [integration, hits] of this.hits) {
        for (const layer of HIT_LAYERS) {
          result.observe(hits[layer], { [INTEGRATION]: integration, [LAYER]: layer });
        }
      }
    });
  }

  add(integration: string, layer: HitLayer): void {
    this.hitsOf(integration)[layer]++;
  }

  /** The next collection tells of that integration also if it has no hit until then. */
  startAtZero(integration: string): void {
    this.hitsOf(integration);
  }

  private hitsOf(integration: string): Hits {
    let hits = this.hits.get(integration);
    if (!hits) this.hits.set(integration, (hits = { near: 0, shared: 0, waited: 0 }));
    return hits;
  }
}

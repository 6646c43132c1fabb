import { AggregatorRegistry, type Metric, Registry } from 'prom-client';
import { type Family, isCumulative, type Sample } from './family.js';
import { groupBy } from './group-by.js';
import { type Incarnation, newestFirst } from './incarnation.js';
import { isQuantile } from './series.js';
import { sum } from './sum.js';

/** The metrics of one worker. */
export interface Contribution {
  worker: Incarnation;
  families: Family[];
  /** Whether the worker answered just now; otherwise the metrics are those of its last snapshot. */
  live: boolean;
}

interface Part {
  family: Family;
  /** Set for the running worker of a slot, whose gauges and quantiles are reported too. */
  slot?: number;
}

/**
 * Merges the metrics of all workers with the total of the workers that ended. Counters, histograms and summaries are added
 * up. Gauges and quantiles get a `worker` label, or are aggregated if the metric names an aggregator.
 */
export async function merge(contributions: Contribution[], retired: Family[]): Promise<Family[]> {
  const newest = contributions.toSorted((a, b) => newestFirst(a.worker, b.worker));
  const current = new Set(newestPerSlot(contributions.filter((contribution) => contribution.live)));
  const parts = newest.flatMap((contribution) => partsOf(contribution, current.has(contribution)));
  const byName = groupBy([...parts, ...retired.map((family) => ({ family }))], ({ family }) => family.name);
  return Promise.all([...byName.values()].map(mergeFamily));
}

function partsOf({ worker, families }: Contribution, isCurrent: boolean): Part[] {
  return isCurrent
    ? families.map((family) => ({ family, slot: worker.slot }))
    : families.filter(isCumulative).map((family) => ({ family }));
}

/** One incarnation per slot: during a reload two of them run, and only the gauges of the newer one are reported. */
export function newestPerSlot<T extends { worker: Incarnation }>(all: T[]): T[] {
  const newest = all.toSorted((a, b) => newestFirst(a.worker, b.worker));
  return [...groupBy(newest, ({ worker }) => worker.slot).values()].map(([first]) => first!);
}

/** Merges one metric. If a release changed its type, only values of the newest type are used. */
async function mergeFamily(parts: Part[]): Promise<Family> {
  const { type } = parts[0]!.family;
  const alike = parts.filter(({ family }) => family.type === type);
  if (type === 'gauge') {
    return mergeGauges(alike);
  }
  const total = sum(alike.map(({ family }) => family));
  const quantiles = alike.flatMap(quantilesOf);
  return { ...total, values: [...quantiles, ...total.values] };
}

const AGGREGATORS = ['min', 'max', 'average', 'first'];

/** 'sum' is prom-client's default and so no choice; 'omit' says that a sum makes no sense. Both get a `worker` label. */
async function mergeGauges(parts: Part[]): Promise<Family> {
  const running = parts.toSorted((a, b) => a.slot! - b.slot!);
  const { aggregator } = parts[0]!.family;
  const families = AGGREGATORS.includes(aggregator)
    ? running.map(({ family }) => family)
    : running.map(({ family, slot }) => ({ ...family, aggregator: 'sum', values: byWorker(family.values, slot!) }));
  const [merged] = await AggregatorRegistry.aggregate(families.map((family) => [family])).getMetricsAsJSON();
  return merged as unknown as Family;
}

function quantilesOf({ family, slot }: Part): Sample[] {
  const quantiles = family.values.filter((sample) => isQuantile(family, sample));
  return slot === undefined ? [] : byWorker(quantiles, slot);
}

function byWorker(samples: Sample[], slot: number): Sample[] {
  return samples.map((sample) => ({ ...sample, labels: { worker: String(slot), ...sample.labels } }));
}

/** Families in the classic text format of Prometheus. */
export async function render(families: Family[]): Promise<string> {
  const registry = new Registry();
  families.forEach((family) => registry.registerMetric({ ...family, get: async () => family } as unknown as Metric));
  return registry.metrics();
}

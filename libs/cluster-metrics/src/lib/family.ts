import { type Registry } from 'prom-client';

export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary';

export interface Sample {
  labels: Record<string, string | number>;
  value: number;
  /** Set where it differs from the family's: `x_bucket`, `x_sum`, `x_count`. */
  metricName?: string;
  /** What rounding took away from `value`; see `exact-sum.ts`. */
  carry?: number[];
}

/** A metric with its samples, as prom-client's `getMetricsAsJSON()` gives it. */
export interface Family {
  name: string;
  help: string;
  type: MetricType;
  aggregator: string;
  values: Sample[];
}

/** Counters, histograms and summaries: what a worker counted stays counted after its death. */
export function isCumulative(family: Family): boolean {
  return family.type !== 'gauge';
}

/** Reads the chosen metrics of a registry. A copy: prom-client hands out the objects that it goes on counting in. */
export async function collect(registry: Registry, isWanted: (family: Family) => boolean): Promise<Family[]> {
  // A view of the registry, so that the gauges' collect() functions run for a scrape and not for every snapshot.
  const view = Object.create(registry, {
    getMetricsAsArray: {
      value: () => registry.getMetricsAsArray().filter((metric) => isWanted(metric as unknown as Family)),
    },
  }) as Registry;
  const families = (await view.getMetricsAsJSON()) as unknown as Family[];
  return families.map(copy);
}

function copy({ name, help, type, aggregator, values }: Family): Family {
  return {
    name,
    help,
    type,
    aggregator,
    values: values.map(({ labels, value, metricName }) => ({ labels: { ...labels }, value, metricName })),
  };
}

/** JSON that keeps the numbers JSON does not know: NaN and the infinities. */
export function encode(families: Family[]): string {
  return JSON.stringify(families, (key, value: unknown) =>
    key === 'value' && typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
}

/** @throws SyntaxError on a text that was cut short */
export function decode(text: string): Family[] {
  const families = JSON.parse(text) as Family[];
  return families.map((family) => ({
    ...family,
    values: family.values.map((sample) => ({ ...sample, value: Number(sample.value) })),
  }));
}

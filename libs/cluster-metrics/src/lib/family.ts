import { type Registry } from 'prom-client';

/** The metric types of prom-client. */
export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary';

/** One value of a metric with its labels. */
export interface Sample {
  labels: Record<string, string | number>;
  value: number;
  /** Name of the series where it differs from the family's: `x_bucket`, `x_sum`, `x_count`. */
  metricName?: string;
  /** The exact sum minus `value`; see `ExactSum`. */
  carry?: number[];
}

/** A metric with its samples, in the form of prom-client's `getMetricsAsJSON()`. */
export interface Family {
  name: string;
  help: string;
  type: MetricType;
  aggregator: string;
  values: Sample[];
}

/** Whether a worker's values stay counted after its end: true for counters, histograms and summaries. */
export function isCumulative(family: Family): boolean {
  return family.type !== 'gauge';
}

/** Copies the chosen metrics of a registry: prom-client returns the objects in which it goes on counting. */
export async function collect(registry: Registry, isWanted: (family: Family) => boolean): Promise<Family[]> {
  // Through this view of the registry, prom-client calls collect() of the wanted metrics only: a snapshot runs no gauge's.
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
    values: values.map(({ labels, value, metricName }) => ({ labels: copyLabels(labels), value, metricName })),
  };
}

/** Labels that stay as they are when they are encoded: a scrape adds up families that were and those of its own process. */
function copyLabels(labels: Partial<Sample['labels']>): Sample['labels'] {
  const copied: Sample['labels'] = {};
  for (const [name, value] of Object.entries(labels)) {
    if (value !== undefined) copied[name] = Number.isFinite(value) ? value : String(value);
  }
  return copied;
}

/** Families as JSON; NaN and the infinities, which JSON lacks, are written as strings. */
export function encode(families: Family[]): string {
  return JSON.stringify(families, (key, value: unknown) =>
    key === 'value' && typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
}

/**
 * Families from the text that `encode` wrote.
 *
 * @throws SyntaxError on a text that was cut short
 */
export function decode(text: string): Family[] {
  const families = JSON.parse(text) as Family[];
  return families.map((family) => ({
    ...family,
    values: family.values.map((sample) => ({ ...sample, value: Number(sample.value) })),
  }));
}

import { type Family, type Sample } from './family.js';

/** A key that is equal for two samples exactly if Prometheus takes them for one series. */
export function seriesKey({ metricName = '', labels }: Sample): string {
  const pairs = Object.entries(labels).map(([name, value]) => [name, String(value)] as const);
  return JSON.stringify([metricName, ...pairs.sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/** Whether a sample is a quantile. Quantiles of several workers cannot be combined into one. */
export function isQuantile(family: Family, sample: Sample): boolean {
  return family.type === 'summary' && 'quantile' in sample.labels;
}

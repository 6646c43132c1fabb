import { type Family, type Sample } from './family.js';

/** Equal for samples that Prometheus takes for one series. */
export function seriesKey({ metricName = '', labels }: Sample): string {
  const pairs = Object.entries(labels).map(([name, value]) => [name, String(value)] as const);
  return JSON.stringify([metricName, ...pairs.sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/** A summary's quantile says something about one worker; no arithmetic makes one of several. */
export function isQuantile(family: Family, sample: Sample): boolean {
  return family.type === 'summary' && 'quantile' in sample.labels;
}

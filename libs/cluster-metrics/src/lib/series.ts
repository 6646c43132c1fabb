import { type Family, type Sample } from './family.js';

/**
 * A key that is equal for two samples exactly if Prometheus takes them for one series. A scrape of many workers makes
 * thousands of keys: JSON takes more than twice as long. The length before a value tells where it ends, whatever it holds.
 *
 * @param without name of a label that does not count
 */
export function seriesKey({ metricName = '', labels }: Sample, without?: string): string {
  let key = metricName;
  for (const name of Object.keys(labels).sort()) {
    if (name === without) continue;
    const value = String(labels[name]);
    key += `,${name}=${value.length}:${value}`;
  }
  return key;
}

/** Whether a sample is a quantile. Quantiles of several workers cannot be combined into one. */
export function isQuantile(family: Family, sample: Sample): boolean {
  return family.type === 'summary' && 'quantile' in sample.labels;
}

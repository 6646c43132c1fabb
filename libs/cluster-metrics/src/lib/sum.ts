import { exactSum } from './exact-sum.js';
import { type Family, isCumulative, type Sample } from './family.js';
import { groupBy } from './group-by.js';
import { withCommonBounds } from './histogram.js';
import { isQuantile, seriesKey } from './series.js';

/**
 * Adds up what several workers counted, without gauges and quantiles, which cannot be added.
 *
 * @param workers the families of each worker, newest worker first: the newest type of a metric wins
 */
export function sumFamilies(workers: Family[][]): Family[] {
  const byName = groupBy(workers.flat().filter(isCumulative), (family) => family.name);
  return [...byName.values()].map((families) => sum(families.filter(({ type }) => type === families[0]!.type)));
}

/** Adds up one family of several workers, newest first. */
export function sum(families: Family[]): Family {
  const [newest] = families as [Family];
  const alike = newest.type === 'histogram' ? withCommonBounds(families) : families;
  const samples = alike.flatMap((family) => family.values).filter((sample) => !isQuantile(newest, sample));
  return { ...newest, values: [...groupBy(samples, seriesKey).values()].map(sumSamples) };
}

function sumSamples(samples: Sample[]): Sample {
  const [{ labels, metricName }] = samples as [Sample];
  const { value, carry } = exactSum(samples.flatMap((sample) => [sample.value, ...(sample.carry ?? [])]));
  return { labels, value, metricName, ...(carry.length > 0 && { carry }) };
}

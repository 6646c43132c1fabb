import { type Family, type Sample } from './family.js';
import { groupBy } from './group-by.js';
import { seriesKey } from './series.js';

/**
 * Gives every histogram of one name the bounds of all of them, so that they can be added bucket by bucket. Without this,
 * after a release that changed the buckets, the sum at `le="1"` could be below the sum at `le="0.5"`.
 */
export function withCommonBounds(families: Family[]): Family[] {
  const buckets = families.flatMap((family) => family.values).filter(isBucket);
  const bounds = new Map([...groupBy(buckets, histogramKey)].map(([key, group]) => [key, distinctBounds(group)]));
  return families.map((family) => ({ ...family, values: rebucket(family.values, bounds) }));
}

type Bound = string | number;

function rebucket(samples: Sample[], bounds: Map<string, Bound[]>): Sample[] {
  const series = groupBy(samples.filter(isBucket), histogramKey);
  const buckets = [...series].flatMap(([key, own]) => bounds.get(key)!.map((le) => bucketAt(le, own)));
  return [...buckets, ...samples.filter((sample) => !isBucket(sample))];
}

/** The bucket at a bound, with the count of the nearest own bound at or below it: a lower limit of the true count. */
function bucketAt(le: Bound, own: Sample[]): Sample {
  const below = own.filter((bucket) => boundOf(bucket.labels['le']!) <= boundOf(le)).map((bucket) => bucket.value);
  return { ...own[0]!, labels: { ...own[0]!.labels, le }, value: Math.max(0, ...below) };
}

function distinctBounds(buckets: Sample[]): Bound[] {
  const byValue = new Map(buckets.map((bucket) => [boundOf(bucket.labels['le']!), bucket.labels['le']!]));
  return [...byValue].sort(([a], [b]) => a - b).map(([, le]) => le);
}

function isBucket(sample: Sample): boolean {
  return 'le' in sample.labels;
}

function boundOf(le: Bound): number {
  return le === '+Inf' ? Infinity : Number(le);
}

/** Identifies a histogram within its family: the labels without the bound. */
function histogramKey(bucket: Sample): string {
  return seriesKey({ ...bucket, labels: { ...bucket.labels, le: '' } });
}

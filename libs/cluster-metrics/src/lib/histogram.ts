import { type Family, type Sample } from './family.js';
import { groupBy } from './group-by.js';
import { seriesKey } from './series.js';

/**
 * Gives every histogram of one name the bounds of all of them, so that they can be added bucket by bucket. Without this,
 * after a release that changed the buckets, the sum at `le="1"` could be below the sum at `le="0.5"`.
 */
export function withCommonBounds(families: Family[]): Family[] {
  const histograms = families.map((family) => groupBy(family.values.filter(isBucket), histogramKey));
  const bounds = commonBounds(histograms);
  return families.map((family, index) => {
    const buckets = [...histograms[index]!].flatMap(([key, own]) => rebucket(own, bounds.get(key)!));
    return { ...family, values: [...buckets, ...family.values.filter((sample) => !isBucket(sample))] };
  });
}

type Bound = string | number;

/** The buckets of each histogram of a family. */
type Histograms = ReadonlyMap<string, Sample[]>;

function commonBounds(families: Histograms[]): ReadonlyMap<string, Bound[]> {
  const byKey = groupBy(
    families.flatMap((histograms) => [...histograms]),
    ([key]) => key,
  );
  return new Map([...byKey].map(([key, same]) => [key, distinctBounds(same.flatMap(([, buckets]) => buckets))]));
}

/** Buckets that have these bounds already, as all have between two changes of the buckets, are not counted anew. */
function rebucket(own: Sample[], bounds: Bound[]): Sample[] {
  const isSame = own.length === bounds.length && own.every(({ labels }, index) => labels['le'] === bounds[index]);
  return isSame ? own : bounds.map((le) => bucketAt(le, own));
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
  return seriesKey(bucket, 'le');
}

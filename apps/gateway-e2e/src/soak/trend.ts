export interface Point {
  /** Monotonic ms. */
  readonly at: number;
  readonly value: number;
}

export interface Trend {
  readonly first: number;
  readonly last: number;
  readonly perHour: number;
  /** How long it was watched after the warm-up. */
  readonly spanMs: number;
}

/** A process that has just begun compiles, fills its pools and grows; that is no leak. */
export const WARM_UP_MS = 3 * 60_000;
/** Less than this says nothing of an hour. */
export const LEAST_SPAN_MS = 4 * 60_000;
/** Memory in use goes up and down with every collection of garbage: what is left after it is the least of some time. */
const BUCKET_MS = 20_000;
const HOUR_MS = 3_600_000;

/** The slope, by least squares, of what is left in each span of 20 s after the warm-up; nothing when that was too short. */
export function trendOf(points: readonly Point[]): Trend | undefined {
  const startedAt = points[0]?.at ?? 0;
  const least = leastOfEach(points.filter(({ at }) => at - startedAt >= WARM_UP_MS));
  const [first, last] = [least[0], least.at(-1)];
  if (!first || !last || last.at - first.at < LEAST_SPAN_MS) return undefined;
  return { first: first.value, last: last.value, perHour: slope(least) * HOUR_MS, spanMs: last.at - first.at };
}

function leastOfEach(points: readonly Point[]): Point[] {
  const buckets = new Map<number, Point>();
  for (const point of points) {
    const bucket = Math.floor(point.at / BUCKET_MS);
    const least = buckets.get(bucket);
    if (!least || point.value < least.value) buckets.set(bucket, point);
  }
  return [...buckets.values()];
}

function slope(points: readonly Point[]): number {
  const meanAt = mean(points.map(({ at }) => at));
  const meanValue = mean(points.map(({ value }) => value));
  let [covariance, variance] = [0, 0];
  for (const { at, value } of points) {
    covariance += (at - meanAt) * (value - meanValue);
    variance += (at - meanAt) ** 2;
  }
  return covariance / variance;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Where the values of several rounds lie. */
export interface Spread {
  readonly median: number;
  /** A quarter of the rounds was at or below this. */
  readonly low: number;
  /** A quarter of the rounds was at or above this. */
  readonly high: number;
}

/** @throws RangeError without values */
export function spreadOf(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), low: quantile(values, 0.25), high: quantile(values, 0.75) };
}

/** Round by round: a machine that was busy in one round was so for both. */
export function ratioOf(values: readonly number[], base: readonly number[]): Spread {
  return spreadOf(values.map((value, round) => value / (base[round] ?? NaN)));
}

/**
 * The value below which that part of the values lies, between the two nearest ones.
 *
 * @throws RangeError without values
 */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  const place = part * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  if (below === undefined || above === undefined) throw new RangeError('there are no values');
  return below + (above - below) * (place - Math.floor(place));
}

/** The straight line that fits points best, by least squares. */
export interface Line {
  /** What every one more of `x` adds. */
  readonly slope: number;
  /** What there is without any. */
  readonly base: number;
  /** The part of the scatter that the line explains: 1 when the points are on it. */
  readonly r2: number;
}

export function lineThrough(points: readonly { readonly x: number; readonly y: number }[]): Line {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(points.map(({ x }) => x)), mean(points.map(({ y }) => y))];
  const xy = mean(points.map(({ x, y }) => (x - meanX) * (y - meanY)));
  const xx = mean(points.map(({ x }) => (x - meanX) ** 2));
  const yy = mean(points.map(({ y }) => (y - meanY) ** 2));
  return { slope: xy / xx, base: meanY - (xy / xx) * meanX, r2: xy ** 2 / (xx * yy) };
}

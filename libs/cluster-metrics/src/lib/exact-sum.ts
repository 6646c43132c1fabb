/*
 * Floating-point addition depends on its order: (a + b) + c can be one bit below a + (b + c). Workers are merged in a
 * different order after each restart. Prometheus takes a counter that falls by one bit for a counter reset and adds its
 * whole value once more. Therefore sums are exact and rounded once, at the end. Rounding is monotonic: a larger sum never
 * becomes a smaller number. The method is that of J. R. Shewchuk, "Adaptive Precision Floating-Point Arithmetic and Fast
 * Robust Geometric Predicates" (1997), as in Python's `math.fsum`.
 */

/** A sum that can be continued without loss. */
export interface ExactSum {
  /** The sum, correctly rounded. */
  value: number;
  /** The exact sum minus `value`, as numbers that add up to it. Pass them with `value` to the next sum. */
  carry: number[];
}

/** Adds numbers up without loss, in any order. */
export function exactSum(addends: Iterable<number>): ExactSum {
  const partials = expand([], addends);
  const value = round(partials);
  return { value, carry: expand(partials, [-value]).filter((partial) => partial !== 0) };
}

/** Adds numbers to partial sums that do not overlap and are sorted by magnitude. */
function expand(partials: number[], addends: Iterable<number>): number[] {
  let sums = partials;
  for (const addend of addends) {
    sums = grow(sums, addend);
  }
  return sums;
}

function grow(partials: number[], addend: number): number[] {
  const grown: number[] = [];
  let high = addend;
  for (const partial of partials) {
    const sum = high + partial;
    const [large, small] = Math.abs(high) >= Math.abs(partial) ? [high, partial] : [partial, high];
    const lost = small - (sum - large);
    if (lost !== 0) {
      grown.push(lost);
    }
    high = sum;
  }
  return [...grown, high];
}

function round(partials: number[]): number {
  const rest = [...partials];
  let high = rest.pop() ?? 0;
  let low = 0;
  while (rest.length > 0 && low === 0) {
    const partial = rest.pop()!;
    const sum = high + partial;
    low = partial - (sum - high);
    high = sum;
  }
  // `low` may be exactly half a bit; the rest below it then decides the direction, not "half to even".
  const next = rest.pop() ?? 0;
  const rounded = high + low * 2;
  return low * next > 0 && rounded - high === low * 2 ? rounded : high;
}

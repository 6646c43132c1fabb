/*
 * Floating-point addition depends on its order: (a + b) + c can be one bit below a + (b + c). Workers come and go and are
 * merged in ever new orders, and a counter that falls by one bit is a counter reset to Prometheus, which then adds the
 * whole value once more. So sums are exact (Shewchuk's expansions, as in Python's `math.fsum`) and rounded once, at the
 * end, which never turns a larger sum into a smaller number.
 */

export interface ExactSum {
  /** The sum, correctly rounded. */
  value: number;
  /** The exact sum minus `value`, as numbers that add up to it: keep it with the value to go on adding later. */
  carry: number[];
}

export function exactSum(addends: Iterable<number>): ExactSum {
  const partials = expand([], addends);
  const value = round(partials);
  return { value, carry: expand(partials, [-value]).filter((partial) => partial !== 0) };
}

/** Adds numbers to non-overlapping partial sums of rising magnitude, losing nothing. */
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
  // `low` may be exactly half a bit: then what is left decides the direction, not "half to even".
  const next = rest.pop() ?? 0;
  const rounded = high + low * 2;
  return low * next > 0 && rounded - high === low * 2 ? rounded : high;
}

/**
 * The duration, once it is known to be a whole number of ms above 0: anything else in a store is a key that never ends.
 *
 * @throws RangeError naming the argument
 */
export function positiveMs(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value <= 0)
    throw new RangeError(`${name} must be a positive integer, not ${value}`);
  return value;
}

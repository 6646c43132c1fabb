import fc from 'fast-check';
import { exactSum } from './exact-sum.js';

const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 });
const numbers = fc.array(number, { maxLength: 20 });

describe('exactSum', () => {
  it('keeps the bits that plain addition loses', () => {
    expect(exactSum([1e100, 1, -1e100]).value).toBe(1);
    expect(exactSum([0.1, 0.2, 0.3]).value).toBe(exactSum([0.3, 0.2, 0.1]).value);
  });

  it('rounds a tie by the bits below it', () => {
    expect(exactSum([1, 2 ** -53, 2 ** -106]).value).toBe(1 + 2 ** -52);
    expect(exactSum([1, 2 ** -53, -(2 ** -106)]).value).toBe(1);
  });

  it('gives 0 for no addends', () => {
    expect(exactSum([])).toEqual({ value: 0, carry: [] });
  });

  it('gives the same sum in any order of the addends', () => {
    fc.assert(
      fc.property(numbers, (addends) => {
        const sorted = addends.toSorted((a, b) => a - b);
        expect(exactSum(sorted).value + 0).toBe(exactSum(addends).value + 0);
      }),
    );
  });

  it('gives the same sum when it is continued from an earlier sum and its carry', () => {
    fc.assert(
      fc.property(numbers, numbers, (first, then) => {
        const { value, carry } = exactSum(first);
        expect(exactSum([value, ...carry, ...then]).value + 0).toBe(exactSum([...first, ...then]).value + 0);
      }),
    );
  });

  it('gives no smaller sum when an addend rises', () => {
    fc.assert(
      fc.property(numbers, number, number, (others, a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        expect(exactSum([...others, high]).value).toBeGreaterThanOrEqual(exactSum([low, ...others]).value);
      }),
    );
  });
});

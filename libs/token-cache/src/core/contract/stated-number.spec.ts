import { epochMsOf, statedNumber } from './stated-number.js';

describe('A stated number', () => {
  it.each([
    [3_600, 3_600],
    ['3600', 3_600],
    [' 3600.5 ', 3_600.5],
    ['0.125', 0.125],
    ['-1', -1],
    ['+1', 1],
    ['1e3', undefined],
    ['0x10', undefined],
    ['', undefined],
    [null, undefined],
    [NaN, undefined],
    [Infinity, undefined],
    ['9'.repeat(400), undefined],
  ])('of %p is read as %p', (value, expected) => expect(statedNumber(value)).toBe(expected));
});

describe('An instant', () => {
  it.each([
    ['seconds of this century', 1_700_000_000, 1_700_000_000_000],
    ['ms of this century', 1_700_000_000_000, 1_700_000_000_000],
    ['the last seconds', 100_000_000_000, 100_000_000_000_000],
    ['the first ms', 100_000_000_001, 100_000_000_001],
    ['seconds before 1970', -5, -5_000],
    ['ms before 1970', -100_000_000_001, -100_000_000_001],
  ])('in %s is one in ms', (_what, stated, expected) => expect(epochMsOf(stated)).toBe(expected));
});

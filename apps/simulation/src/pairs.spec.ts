import { combinationsOf } from './pairs.js';

describe('The combinations of faults', () => {
  it('are each alone, then each beside each other, once', () => {
    expect(combinationsOf(['a', 'b', 'c'])).toEqual([['a'], ['b'], ['c'], ['a', 'b'], ['a', 'c'], ['b', 'c']]);
  });
});

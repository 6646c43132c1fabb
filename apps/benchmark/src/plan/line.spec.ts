import { lineThrough } from './line.js';

describe('The line through points', () => {
  it('is that on which they are', () => {
    const points = [1, 2, 5].map((x) => ({ x, y: 3 * x + 4 }));
    const { slope, base, r2 } = lineThrough(points);
    expect([slope, base, r2].map((value) => Number(value.toFixed(9)))).toEqual([3, 4, 1]);
  });

  it('tells how much of their scatter it leaves', () => {
    const points = [
      { x: 0, y: 0 },
      { x: 1, y: 3 },
      { x: 2, y: 0 },
      { x: 3, y: 3 },
    ];
    expect(lineThrough(points).r2).toBeCloseTo(0.2);
  });
});

import { Sampling } from './sampling.js';

function takenOf(count: number, share: number): number {
  let next = 0;
  const sampling = new Sampling(share, () => next++ / count);
  return Array.from({ length: count }, () => sampling.take()).filter(Boolean).length;
}

describe('Sampling', () => {
  it.each([
    [0, 0],
    [0.01, 10],
    [0.5, 500],
    [1, 1_000],
  ])('with the share %d takes %d of a thousand requests', (share, taken) => {
    expect(takenOf(1_000, share)).toBe(taken);
  });
});

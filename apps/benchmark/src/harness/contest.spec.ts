import { type Contender, contest } from './contest.js';

describe('A contest', () => {
  /** A clock that moves by the work alone, so that every number here is exact. */
  let nowNs: number;
  let order: string[];

  beforeEach(() => {
    nowNs = 0;
    order = [];
  });

  function contender(name: string, nsOf: () => number): Contender {
    return {
      name,
      role: 'ours',
      async run(times) {
        order.push(name);
        nowNs += times * nsOf();
      },
    };
  }

  it('measures the time of one piece of work, in as many rounds as are wanted', async () => {
    const contenders = [contender('quick', () => 100), contender('slow', () => 3_000)];
    const sampled = await contest(contenders, { rounds: 5, roundMs: 1 }, () => nowNs);
    expect(sampled.map(({ name, samples }) => [name, samples])).toEqual([
      ['quick', [100, 100, 100, 100, 100]],
      ['slow', [3_000, 3_000, 3_000, 3_000, 3_000]],
    ]);
  });

  it('gives each contender its turn in every round, and another one the first', async () => {
    const contenders = ['a', 'b', 'c'].map((name) => contender(name, () => 1e6));
    await contest(contenders, { rounds: 3, roundMs: 1 }, () => nowNs);
    expect(order.slice(-9)).toEqual(['a', 'b', 'c', 'b', 'c', 'a', 'c', 'a', 'b']);
  });

  it('lets a contender work for about the time of a round', async () => {
    const [sampled] = await contest([contender('a', () => 1_000)], { rounds: 1, roundMs: 2 }, () => nowNs);
    expect(sampled?.samples).toEqual([1_000]);
    const before = nowNs;
    await contest([contender('b', () => 1_000)], { rounds: 1, roundMs: 2 }, () => nowNs);
    expect(nowNs - before).toBeGreaterThanOrEqual(2 * 2e6);
  });
});

import { type Contender } from './contest.js';
import { gauged } from './gauges.js';

describe('Gauges of a contest', () => {
  /** They move by the work alone, so that every number here is exact. */
  let nowNs: number;
  let bytes: number;

  beforeEach(() => {
    nowNs = 0;
    bytes = 0;
  });

  function contender(name: string, bytesPerTime: number): Contender {
    return {
      name,
      role: 'ours',
      async run(times) {
        nowNs += times * 1_000;
        bytes += times * bytesPerTime;
      },
    };
  }

  it('tell by how much each of them grows for one piece of work, in as many rounds as are wanted', async () => {
    const gauges = { bytes: () => bytes, ns: async () => nowNs };
    const grown = await gauged(
      [contender('few', 2), contender('many', 30)],
      { rounds: 3, roundMs: 1 },
      gauges,
      () => nowNs,
    );
    expect([...grown]).toEqual([
      ['few', { bytes: [2, 2, 2], ns: [1_000, 1_000, 1_000] }],
      ['many', { bytes: [30, 30, 30], ns: [1_000, 1_000, 1_000] }],
    ]);
  });

  it('are read nearest to the work if they are the last', async () => {
    const read: string[] = [];
    const gauge = (name: string) => (): number => read.push(name);
    const work: Contender = {
      ...contender('a', 1),
      run: async (times) => void (nowNs += times * 1e6 + read.push('work')),
    };
    await gauged([work], { rounds: 1, roundMs: 1 }, { outer: gauge('outer'), inner: gauge('inner') }, () => nowNs);
    expect(read.slice(-5)).toEqual(['outer', 'inner', 'work', 'inner', 'outer']);
  });
});

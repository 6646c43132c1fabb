import { atLeast, atMost, comparisonOf, within } from './finding.js';

describe('A comparison', () => {
  const about = { title: 'Work', unit: 'ms', better: 'lower' } as const;
  const base = { name: 'base', role: 'limit', samples: [1, 10, 2, 4, 8] } as const;
  const twice = { name: 'twice', role: 'ours', samples: [2, 20, 4, 8, 16] } as const;

  it('takes its ratios round by round, so that a round in which the machine was busy says as much as any other', () => {
    const { entries } = comparisonOf(about, [base, twice]);
    expect(entries.map(({ ratio }) => ratio)).toEqual([
      { median: 1, low: 1, high: 1 },
      { median: 2, low: 2, high: 2 },
    ]);
    expect(entries[1]?.value).toEqual({ median: 8, low: 4, high: 16 });
  });

  it.each([
    ['at most 2', atMost, 2, true],
    ['at most 1.9', atMost, 1.9, false],
    ['at least 2', atLeast, 2, true],
    ['at least 2.1', atLeast, 2.1, false],
    ['at most 8 ms', within, 8, true],
    ['at most 7.9 ms', within, 7.9, false],
  ])('tells whether a goal of %s was met', (_, goalOf, limit, isMet) => {
    expect(goalOf(comparisonOf(about, [base, twice]), 'twice', limit)).toMatchObject({ isMet });
  });

  it('has an entry for every name that a goal is of', () => {
    expect(() => atMost(comparisonOf(about, [base]), 'nobody', 1)).toThrow('Work: no entry is named nobody');
  });
});

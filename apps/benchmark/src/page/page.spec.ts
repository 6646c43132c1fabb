import { atMost, comparisonOf } from '../harness/finding.js';
import { type Report } from '../harness/report.js';
import { type Row } from '../harness/row.js';
import { page } from './page.js';

describe('The page of a report', () => {
  const row: Row = {
    name: 'hit',
    work: 'A hit',
    notes: ['A peer wins.'],
    run: () => Promise.reject(new Error('is not measured here')),
  };
  const comparison = comparisonOf({ title: 'Hit', unit: 'ns', better: 'lower' }, [
    { name: 'Map', role: 'limit', samples: [10, 20] },
    { name: 'ours', role: 'ours', samples: [20, 40] },
    { name: 'peer', role: 'peer', samples: [10, 20], remark: 'knows less' },
  ]);
  const report: Report = {
    madeAt: '',
    node: 'v20.0.0',
    processor: 'one of many',
    cores: 2,
    rows: {
      hit: {
        work: 'A hit',
        comparisons: [comparison],
        goals: [atMost(comparison, 'ours', 1.5), atMost(comparison, 'peer', 1)],
      },
    },
  };

  it('says which goals were met and which were not', () => {
    expect(page(report, [row])).toContain('| [hit](#hit) | ours: at most 1.5 × Map | 2 × | **no** |');
    expect(page(report, [row])).toContain('| [hit](#hit) | peer: at most 1 × Map | 1 × | yes |');
  });

  it('shows ratios with their quartiles and no time that says more of the machine', () => {
    expect(page(report, [row])).toContain('| **ours** | 2 | 2 … 2 |  |');
    expect(page(report, [row])).toContain('| peer (knows less) | 1 | 1 … 1 |  |');
  });

  it('says where a peer wins, and leaves out what was not measured', () => {
    const text = page(report, [row, { ...row, name: 'miss' }]);
    expect(text).toContain('A hit. A peer wins.');
    expect(text).toContain('![Hit](performance/hit.svg)');
    expect(text).not.toContain('miss');
  });
});

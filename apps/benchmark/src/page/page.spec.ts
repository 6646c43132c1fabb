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
    node: 'v20.0.0',
    processor: 'one of many',
    cores: 2,
    rows: {
      hit: {
        work: 'A hit',
        measuredAt: '2026-01-02T03:04:05.000Z',
        load: 0.1,
        comparisons: [comparison],
        goals: [atMost(comparison, 'ours', 1.5), atMost(comparison, 'peer', 1)],
      },
    },
  };

  it('says which goals were met and which were not', () => {
    expect(page(report, [row])).toContain('| [hit](#hit) | ours: at most 1.5 × Map | 2 × | **no** |');
    expect(page(report, [row])).toContain('| [hit](#hit) | peer: at most 1 × Map | 1 × | yes |');
  });

  it('says how many goals are not met yet', () => {
    expect(page(report, [row])).toContain('1 of 2 goals are met. The others are not met yet.');
  });

  it('says what stops the goals of a row, as long as one of them is not met', () => {
    const limited = { ...row, limit: ['A hit reads two clocks.'] };
    expect(page(report, [limited])).toContain('**What stops hit.** A hit reads two clocks.');
    const goals = [atMost(comparison, 'ours', 2)];
    const met = { ...report, rows: { hit: { ...report.rows['hit']!, goals } } };
    expect(page(met, [limited])).not.toContain('two clocks');
  });

  it('says when it was measured, and that the machine was busy if it was', () => {
    const quiet = page(report, [row]);
    expect(quiet).toContain('Measured on 2026-01-02; the load average was 0.1 on 2 cores before the run began.');
    expect(quiet).not.toContain('busy');
    const later = { ...report.rows['hit']!, measuredAt: '2026-02-03T03:04:05.000Z', load: 8 };
    const busy = page({ ...report, rows: { ...report.rows, later } }, [row]);
    expect(busy).toContain('Measured from 2026-01-02 to 2026-02-03; the load average was 8 on 2 cores');
    expect(busy).toContain('The machine was busy with other work.');
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

  it('shows the tables and the plots of a row, how long it takes, and what the machine lacked', () => {
    const table = { title: 'Counts', head: ['', 'calls'], lines: [['a miss', '2']], notes: ['Counted.'] };
    const curves = [{ title: 'Load', x: 'x', y: 'y', limit: { y: 1, name: 'full' }, lines: [] }];
    const row2 = { ...report.rows['hit']!, tables: [table], curves, absent: ['nginx is not installed'], tookMs: 1_500 };
    const text = page({ ...report, rows: { hit: row2 } }, [row]);
    expect(text).toContain('A hit. A peer wins. **nginx is not installed.** This row takes 2 s.');
    expect(text).toContain('### Counts\n\nCounted.\n\n|  | calls |\n| --- | ---: |\n| a miss | 2 |');
    expect(text).toContain('![Load](performance/hit-curves.svg)');
  });
});

import { type Report } from './report.js';
import { summary } from './summary.js';

describe('The end of a run', () => {
  const circumstances = { work: 'Work', measuredAt: '2026-01-02T03:04:05.000Z', load: 0 };
  const goal = { goal: 'ours: at most 2 × Map', measured: '3 ×', isMet: false };
  const rows: Report['rows'] = {
    hit: { ...circumstances, tookMs: 4_000, comparisons: [], goals: [goal, { ...goal, measured: '1 ×', isMet: true }] },
    miss: { ...circumstances, tookMs: 61_000, comparisons: [], goals: [] },
  };

  it('says where each goal stands', () => {
    expect(summary(rows)).toContain('1 of 2 goals are met');
    expect(summary(rows)).toContain('  not met  hit: ours: at most 2 × Map: 3 ×');
    expect(summary(rows)).toContain('  met      hit: ours: at most 2 × Map: 1 ×');
  });

  it('says how long each row took', () => {
    expect(summary(rows)).toContain('The rows took 65 s: hit 4 s, miss 61 s');
  });
});

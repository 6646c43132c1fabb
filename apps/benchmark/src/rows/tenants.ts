import { atMost, comparisonOf, type Sampled } from '../harness/finding.js';
import { type Row } from '../harness/row.js';
import { runScript } from '../scripts/run-script.js';

const COUNTS = [1_000, 10_000, 100_000, 1_000_000];

interface Answer {
  readonly bytesPerKey: number;
  readonly ours: readonly number[];
  readonly map: readonly number[];
}

export const tenants: Row = {
  name: 'tenants',
  work: 'A hit in a process that has tokens of many tenants, which are asked for in an order without a pattern',
  notes: [
    'A look-up in a plain Map also takes many times as long at a million keys, which no cache of a processor holds.',
  ],
  async run() {
    const ours: Sampled[] = [];
    const map: Sampled[] = [];
    const bytes: Sampled[] = [];
    for (const count of COUNTS) {
      const answer = await runScript<Answer>('tenants', [String(count)], ['--max-old-space-size=8192']);
      const name = `${count.toLocaleString('en')} tenants`;
      ours.push({ name, role: 'ours', samples: answer.ours });
      map.push({ name, role: 'limit', samples: answer.map });
      bytes.push({ name, role: 'ours', samples: [answer.bytesPerKey] });
    }
    const hits = comparisonOf({ title: 'A hit', unit: 'ns', better: 'lower' }, ours);
    return {
      comparisons: [
        hits,
        comparisonOf({ title: 'The same look-up in a Map', unit: 'ns', better: 'lower' }, map),
        comparisonOf({ title: 'Memory of a key besides its token', unit: 'bytes', better: 'lower' }, bytes),
      ],
      goals: [atMost(hits, '1,000,000 tenants', 2)],
    };
  },
};

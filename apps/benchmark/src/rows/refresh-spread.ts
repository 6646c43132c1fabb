import { comparisonOf, atMost } from '../harness/finding.js';
import { type Row } from '../harness/row.js';
import { refreshSpreadMs } from '../plan/formulas.js';
import { VirtualFleet } from '../plan/virtual-fleet.js';

const KEYS = 100_000;
const LIFE_MS = 3_600_000;
const EVEN = 'spread evenly over the window';
const OURS = 'mintonce';

export const refreshSpread: Row = {
  name: 'refresh-spread',
  work: `The most mints in a second when ${KEYS.toLocaleString('en')} tokens of an hour are refreshed that were minted at once, each as soon as it may be`,
  notes: [
    'Counted in virtual time with the real library. Without a jitter of each token, all would be due in the same second.',
  ],
  async run() {
    const fleet = new VirtualFleet(1, KEYS, LIFE_MS);
    await fleet.refreshAll();
    const sampled = [
      { name: EVEN, role: 'limit' as const, samples: [KEYS / (refreshSpreadMs(LIFE_MS) / 1_000)] },
      { name: OURS, role: 'ours' as const, samples: [busiestSecond(fleet.mintedAt.slice(KEYS))] },
    ];
    const comparison = comparisonOf({ title: 'Mints in the busiest second', unit: 'mints', better: 'lower' }, sampled);
    return { comparisons: [comparison], goals: [atMost(comparison, OURS, 1.3)] };
  },
};

function busiestSecond(instants: readonly number[]): number {
  const perSecond = new Map<number, number>();
  for (const instant of instants) {
    const second = Math.floor(instant / 1_000);
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
  }
  return Math.max(...perSecond.values());
}

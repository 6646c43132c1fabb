import { Fleet } from '../fleet/fleet.js';
import { comparisonOf, type Sampled, within } from '../harness/finding.js';
import { type Row } from '../harness/row.js';

/** Those whose lock is shared; the others have none that could be left behind. */
const NAMES = ['mintonce on Redis', 'mintonce on SQLite', '@sesamecare-oss/redlock', 'redis-semaphore'];
const MOST_ROUNDS = 3;
const MINT_MS = 500;

export const takeover: Row = {
  name: 'takeover',
  work: `The process that mints is killed (SIGKILL) while a mint of ${MINT_MS} ms lasts; from there to the last caller of the others`,
  notes: [
    'All wait for the end of the lease that the dead process left; the leases are those that each has by default or in its README.',
  ],
  async run(bench) {
    const fleet = await Fleet.start(bench);
    const samples = new Map(NAMES.map((name) => [name, [] as number[]]));
    for (let round = 0; round < Math.min(bench.effort.rounds, MOST_ROUNDS); round++) {
      for (const name of NAMES) samples.get(name)?.push(await fleet.takeover(name, MINT_MS));
    }
    const sampled = [...samples].map(([name, values]): Sampled => ({
      name,
      role: name.startsWith('mintonce') ? 'ours' : 'peer',
      remark: 'waits for the end of the lease that it left',
      samples: values,
    }));
    const comparison = comparisonOf({ title: 'Takeover', unit: 'ms', better: 'lower' }, sampled);
    const goals = NAMES.slice(0, 2).map((name) => within(comparison, name, 3_000 + MINT_MS + 500));
    return { comparisons: [comparison], goals };
  },
};

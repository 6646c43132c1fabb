import { connect } from '../contenders/ours.js';
import { Fleet } from '../fleet/fleet.js';
import { comparisonOf, type Sampled, within } from '../harness/finding.js';
import { type Bench, type Row } from '../harness/row.js';

/** Calls of each process; the numbers are scaled to a million of all. */
const CONTENDERS = [
  { name: 'async-cache-dedupe', role: 'peer', times: 2_500 },
  { name: '@sesamecare-oss/redlock', role: 'peer', times: 2_500 },
  { name: 'bentocache', role: 'peer', times: 25_000 },
  { name: 'mintonce on Redis', role: 'ours', times: 250_000 },
] as const;
const WORKERS = 4;

export const storeCommands: Row = {
  name: 'store-commands',
  work: `Redis commands of ${WORKERS} processes that have one token, for a million calls of all`,
  async run(bench) {
    const fleet = await Fleet.start(bench, WORKERS);
    const sampled: Sampled[] = [];
    for (const { name, role, times } of CONTENDERS) {
      const key = fleet.newKey();
      await fleet.hits(name, key, 1_000);
      const before = await commands(bench);
      await fleet.hits(name, key, times);
      const made = (await commands(bench)) - before;
      sampled.push({ name, role, samples: [(made * 1e6) / (times * WORKERS)] });
    }
    const comparison = comparisonOf({ title: 'Redis commands', unit: 'commands', better: 'lower' }, sampled);
    return { comparisons: [comparison], goals: [within(comparison, 'mintonce on Redis', 10)] };
  },
};

/** All commands that the server ever ran, without those that ask for their number. */
async function commands(bench: Bench): Promise<number> {
  const redis = connect(bench);
  const stats = await redis.info('commandstats');
  redis.disconnect();
  const calls = [...stats.matchAll(/^cmdstat_([\w|]+):calls=(\d+)/gm)];
  return calls.filter(([, name = '']) => name !== 'info').reduce((sum, [, , count]) => sum + Number(count), 0);
}

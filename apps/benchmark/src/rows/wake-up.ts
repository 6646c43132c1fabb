import { Redis } from 'ioredis';
import { Fleet } from '../fleet/fleet.js';
import { comparisonOf, type Goal } from '../harness/finding.js';
import { type Row } from '../harness/row.js';

const WORKERS = 64;
const WAITERS = 256;
const MOST_ROUNDS = 5;
const LIMIT = 'two calls of each process';
const OURS = 'mintonce on Redis';

export const wakeUp: Row = {
  name: 'wake-up',
  work: `Store calls until all of ${WAITERS} callers in ${WORKERS} processes have a token that nobody had`,
  notes: [
    `A process asks once and waits, or mints and commits; woken by the event it asks once more, however many of its callers wait. Counted by the server. It is two calls of each process for any number of processes: [the plan](#plan) counts it for 2 to 16.`,
  ],
  async run(bench) {
    const fleet = await Fleet.start(bench, WORKERS);
    const admin = new Redis(bench.redisUrl);
    bench.running.onStop(() => admin.disconnect());
    const calls: number[] = [];
    for (let round = 0; round <= Math.min(bench.effort.rounds, MOST_ROUNDS); round++) {
      const before = await scripts(admin);
      await fleet.burst(OURS, { callers: WAITERS / WORKERS });
      if (round > 0) calls.push((await scripts(admin)) - before);
    }
    const comparison = comparisonOf({ title: 'Store calls', unit: 'commands', better: 'lower' }, [
      { name: LIMIT, role: 'limit', samples: calls.map(() => 2 * WORKERS) },
      { name: OURS, role: 'ours', samples: calls },
    ]);
    return { comparisons: [comparison], goals: [atMostTwo(calls)] };
  },
};

function atMostTwo(calls: readonly number[]): Goal {
  const most = Math.max(...calls) / WORKERS;
  return { goal: `${OURS}: at most 2 calls of each process`, measured: String(most), isMet: most <= 2 };
}

async function scripts(admin: Redis): Promise<number> {
  const stats = await admin.info('commandstats');
  return [...stats.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)].reduce((sum, [, calls]) => sum + Number(calls), 0);
}

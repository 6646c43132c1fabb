import { type Redis } from 'ioredis';
import { connect } from '../contenders/ours.js';
import { type Read } from '../contenders/redis-peers.js';
import { type Contender, processorNs, wallNs } from '../harness/contest.js';
import { digits } from '../harness/finding.js';
import { type Gauge, gauged } from '../harness/gauges.js';
import { type Bench } from '../harness/row.js';
import { ratioOf, spreadOf } from '../harness/spread.js';
import { type Table } from '../harness/table.js';
import { processorNsOf } from '../proxies/processor-time.js';

/** Work by its name; the first is what the others stand beside. */
export type Steps = Readonly<Record<string, Read>>;

/** V8 compiles what is called often, and the rounds alone are too short for that. */
const CALLS_BEFORE = 5_000;

const HEAD = ['', 'processor time here', 'of Redis', 'of that the script', 'as a rate'];

/**
 * What each step takes: of the processor of this process and of Redis, and by the clock as a rate beside the first one.
 *
 * @param contenderOf how a step is done many times
 */
export async function stepTable(
  { title, notes }: Pick<Table, 'title' | 'notes'>,
  steps: Steps,
  contenderOf: (name: string, read: Read) => Contender,
  bench: Bench,
): Promise<Table> {
  const contenders = Object.entries(steps).map(([name, read]) => contenderOf(name, read));
  for (const { run } of contenders) await run(CALLS_BEFORE);
  const grown = await gauged(contenders, bench.effort, await gaugesOf(connect(bench)));
  const [first] = grown.values();
  const lines = [...grown].map(([name, { here, server, script, wall }]) => [
    name,
    microseconds(here),
    microseconds(server),
    microseconds(script),
    `${digits(ratioOf(first?.wall ?? [], wall).median)} ×`,
  ]);
  return { title, head: HEAD, lines, ...(notes && { notes }) };
}

async function gaugesOf(redis: Redis): Promise<Record<'script' | 'server' | 'here' | 'wall', Gauge>> {
  const pid = Number(/process_id:(\d+)/.exec(await redis.info('server'))?.[1]);
  const scriptNs = async (): Promise<number> =>
    Number(/cmdstat_evalsha:.*?usec=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0) * 1e3;
  return { script: scriptNs, server: () => processorNsOf(pid), here: processorNs, wall: wallNs };
}

/** Nothing for what takes next to nothing. */
function microseconds(ns: readonly number[]): string {
  const us = spreadOf(ns).median / 1e3;
  return us < 0.1 ? '' : `${digits(us)} µs`;
}

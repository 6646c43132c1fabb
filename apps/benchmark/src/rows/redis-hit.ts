import { INTEGRATION, connect, openClient, redisStore } from '../contenders/ours.js';
import {
  asyncCacheDedupeOnRedis,
  bentocacheOnRedis,
  cacheManagerOnRedis,
  type Read,
} from '../contenders/redis-peers.js';
import { jwt } from '../contenders/jwt.js';
import { type Contender, contest } from '../harness/contest.js';
import { atLeast, type Comparison, comparisonOf, type Role } from '../harness/finding.js';
import { type Bench, type Row } from '../harness/row.js';
import { type Table } from '../harness/table.js';
import { sharedSteps, singleSteps } from './redis-hit-steps.js';
import { stepTable } from './step-table.js';

const OURS = 'getToken() without the near cache';
const IN_FLIGHT = 100;

const SINGLE_NOTES = [
  'Each of the first six lines does what the line before it does, and something more, so that their differences are what the steps cost.',
  'The time of Redis is that of its process; the script is a part of it, as `INFO commandstats` tells.',
  '`peek()` looks a token up without a flight and without the right to mint; `storeAvailable()` has no more than the time limit and the breaker.',
  'A store in the process answers at once: that line is what the client does for a call, and the last one is the same between two waits for the network.',
];
const FLOCK_NOTES = ['The third line is the least that gives each caller a time limit of its own.'];

export const redisHit: Row = {
  name: 'redis-hit',
  work: 'A token on Redis that no copy in the process answers for',
  notes: [
    'async-cache-dedupe and cache-manager win at many calls in flight: they join every call of a key to the one that is under way, and do nothing else; ours give each caller a time limit of its own.',
    'A peer that reads with GET wins one at a time, as a script costs the server more than a GET; the script tells whether the token was rejected, which a GET does not.',
  ],
  limit: [
    'One at a time, what a script is stops the goal before the client has done anything: sent by ioredis alone, a script with the four reads of a hit and nothing else reaches 0.65 to 0.72 of the rate of GET, and 0.92 to 0.94 with one read.',
    'The reads are the token, its end, its marks with what was purged, and the last purge of the integration; one atomic step for all of them is what makes a token that was rejected or purged before the call impossible, and a miss one call.',
    'The same four in a pipeline, which is not atomic, reach 0.61, and a plain HMGET cannot do: it sees one key, not its end, and a miss would be a second call.',
    'Our script reaches 0.54 to 0.74 by itself. It decides on the reads what a hit is: 15 to 20 µs in Redis beside 9 µs for the reads alone and 4 µs for one GET. It took 29 to 31 µs before a hit was answered first and its payload given as it is stored.',
    'The rest is work of this process, in processor time of interleaved runs on a busy machine: a GET takes 15 to 17 µs, the script 24 to 27 µs with its twelve arguments and its longer answer, the store 5 to 6 µs more, time limit and breaker 3 to 5 µs, lease and fences 5 to 6 µs, the watch of the key with the steps of the protocol 12 to 16 µs, the flight with the time limit of the caller 8 to 11 µs: 61 to 68 µs in all.',
    'The last four take a third of that where nothing is waited for: `getToken()` over a store in the process takes 11 to 14 µs in a loop, and 29 µs between two waits for the network, since the caches of the processor are then filled with other work. So each line of code that a call passes costs threefold there, and no single one stands out.',
    'At 100 in flight all callers of a key share one call, and the client alone stops the goal: a call takes 2.7 to 3.4 µs of processor time here and a GET 5.5 to 7 µs. 2 µs of it remain where the store is in the process.',
    'The least with a time limit for each caller, one GET that all join, takes 0.6 µs. Of the 2 µs, the name of the flight takes 0.7 µs and the promises between a caller and its flight 0.3 µs.',
  ],
  async run(bench) {
    const readers = await readersOf(bench);
    const single = await compare('One at a time', readers, oneAtATime, bench);
    const flock = await compare(`${IN_FLIGHT} in flight`, readers, inFlight, bench);
    const goals = [atLeast(single, OURS, 0.85), atLeast(flock, OURS, 3)];
    return { comparisons: [single, flock], goals, tables: await stepTables(bench) };
  },
};

async function stepTables(bench: Bench): Promise<Table[]> {
  const single = { title: 'Step by step, one at a time', notes: SINGLE_NOTES };
  const flock = { title: `Step by step, ${IN_FLIGHT} in flight, for each call`, notes: FLOCK_NOTES };
  const step = (name: string, read: Read): Reader => ({ name, role: 'limit', read });
  return [
    await stepTable(single, await singleSteps(bench), (...named) => oneAtATime(step(...named)), bench),
    await stepTable(flock, await sharedSteps(bench), (...named) => inFlight(step(...named)), bench),
  ];
}

interface Reader {
  readonly name: string;
  readonly role: Role;
  readonly read: Read;
}

async function readersOf(bench: Bench): Promise<Reader[]> {
  const redis = connect(bench);
  await redis.set('raw', jwt());
  const client = openClient(bench, redisStore(bench, 'redis-hit'), { nearCache: false });
  return [
    { name: 'GET', role: 'limit', read: () => redis.get('raw') },
    { name: 'EVAL of one GET', role: 'limit', read: () => redis.eval("return redis.call('GET', KEYS[1])", 1, 'raw') },
    { name: OURS, role: 'ours', read: () => client.getToken(INTEGRATION) },
    { name: 'bentocache, L2 only', role: 'peer', read: bentocacheOnRedis(bench) },
    { name: 'cache-manager, Keyv on Redis', role: 'peer', read: cacheManagerOnRedis(bench) },
    { name: 'async-cache-dedupe on Redis', role: 'peer', read: asyncCacheDedupeOnRedis(bench) },
  ];
}

/** As rates: a goal says how much of the rate of GET is reached. */
async function compare(
  title: string,
  readers: readonly Reader[],
  contenderOf: (reader: Reader) => Contender,
  bench: Bench,
): Promise<Comparison> {
  const sampled = await contest(readers.map(contenderOf), bench.effort);
  const rates = sampled.map((entry) => ({ ...entry, samples: entry.samples.map((ns) => 1e9 / ns) }));
  return comparisonOf({ title, unit: 'calls/s', better: 'higher' }, rates);
}

function oneAtATime({ read, ...about }: Reader): Contender {
  return {
    ...about,
    async run(times) {
      for (let time = 0; time < times; time++) await read();
    },
  };
}

function inFlight({ read, ...about }: Reader): Contender {
  return {
    ...about,
    async run(times) {
      let left = times;
      const caller = async (): Promise<void> => {
        while (left-- > 0) await read();
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
    },
  };
}

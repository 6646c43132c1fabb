import { type Burst, CALLERS, Fleet, MINT_MS, WORKERS } from '../fleet/fleet.js';
import { SHARED_CACHES } from '../fleet/shared-cache.js';
import { type Comparison, comparisonOf, digits, entryOf, type Goal, type Role, within } from '../harness/finding.js';
import { type Bench, type Row } from '../harness/row.js';
import { quantile } from '../harness/spread.js';

const NAMES = Object.keys(SHARED_CACHES);
const MOST_ROUNDS = 7;
const REDIS = 'mintonce on Redis';
const SQLITE = 'mintonce on SQLite';

export const coldMiss: Row = {
  name: 'cold-miss',
  work: `A token that nobody has, asked for by ${CALLERS} callers in each of ${WORKERS} processes at once; a mint takes ${MINT_MS} ms`,
  notes: [
    'async-cache-dedupe is the first when a mint fails or nobody has to wait, since each of its processes mints for itself: eight requests to the provider where one would do. So does bentocache, whose locks are of one process.',
    'redis-semaphore polls every 10 ms and is near; each of its waiting processes sends a hundred commands a second for that.',
    'A refused mint is tried by a second process, since the secret of the first may be an old one.',
  ],
  limit: [
    'On SQLite nobody tells a waiting process of a commit: every 10 ms it looks whether the file has changed, and only then at the token.',
    'On Redis the last caller comes after the commit, its event, one look-up of its process, and 31 others that share it: the rest is how long the processes of the machine wait for one of its two cores.',
  ],
  async run(bench) {
    const fleet = await Fleet.start(bench);
    const bursts = await inTurn(bench, (name) => fleet.burst(name));
    const refused = await inTurn(bench, (name) => fleet.burst(name, { fails: true }));
    const last = compare('The last caller', 'ms', bursts, ({ lastMs }) => lastMs);
    const mints = compare('Mints', 'mints', bursts, (burst) => burst.mints);
    return {
      comparisons: [
        last,
        mints,
        wakeUps(bursts, 0.5),
        wakeUps(bursts, 0.99),
        compare('The last caller, when the mint is refused', 'ms', refused, ({ lastMs }) => lastMs),
        compare('Mints, when the mint is refused', 'mints', refused, (burst) => burst.mints),
      ],
      goals: [
        within(last, REDIS, MINT_MS + 20),
        within(last, SQLITE, MINT_MS + 40),
        once(mints, REDIS),
        once(mints, SQLITE),
      ],
    };
  },
};

type Bursts = ReadonlyMap<string, readonly Burst[]>;

/** The first burst of each only warms up. */
async function inTurn({ effort }: Bench, burst: (name: string) => Promise<Burst>): Promise<Bursts> {
  const bursts = new Map(NAMES.map((name) => [name, [] as Burst[]]));
  const rounds = Math.min(effort.rounds, MOST_ROUNDS);
  for (let round = 0; round <= rounds; round++) {
    for (let place = 0; place < NAMES.length; place++) {
      const name = NAMES[(place + round) % NAMES.length] ?? '';
      const came = await burst(name);
      if (round > 0) bursts.get(name)?.push(came);
    }
  }
  return bursts;
}

function compare(title: string, unit: string, bursts: Bursts, valueOf: (burst: Burst) => number): Comparison {
  const sampled = [...bursts].map(([name, all]) => ({ name, role: roleOf(name), samples: all.map(valueOf) }));
  return comparisonOf({ title, unit, better: 'lower' }, sampled);
}

/** Of those in whose fleet somebody waited for the mint of another process. */
function wakeUps(bursts: Bursts, part: number): Comparison {
  const waited = [...bursts].filter(([, all]) => all.every(({ wakeUpsMs }) => wakeUpsMs.length > 0));
  const title = `From the commit to a waiting caller, p${part * 100}`;
  return compare(title, 'ms', new Map(waited), ({ wakeUpsMs }) => quantile(wakeUpsMs, part));
}

function roleOf(name: string): Role {
  return name.startsWith('mintonce') ? 'ours' : 'peer';
}

function once(mints: Comparison, name: string): Goal {
  const { high } = entryOf(mints, name).value;
  return { goal: `${name}: one mint`, measured: `${digits(high)}`, isMet: high === 1 };
}

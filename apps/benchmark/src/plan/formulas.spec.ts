import { type RedisServer, RunningParts, startRedis } from '@mintonce/test-support';
import { Chance } from '@mintonce/test-support/chance';
import { clusterCosts } from './cluster-costs.js';
import { type Counts } from './counts.js';
import {
  coldStart,
  connectionsOf,
  interested,
  mostAsks,
  reconnection,
  refresh,
  refreshAfterMs,
  refreshSpreadMs,
  rejection,
} from './formulas.js';
import { SmallFleet } from './small-fleet.js';
import { VirtualFleet } from './virtual-fleet.js';

const HOUR_MS = 3_600_000;

function times(count: number, counts: Counts): Counts {
  return Object.fromEntries(
    Object.entries(counts).map(([name, value]: [string, number]) => [name, value * count]),
  ) as unknown as Counts;
}

describe('What a fleet asks of a real Redis, and what that tells it, is as the plan reckons', () => {
  let redis: RedisServer;
  const running = new RunningParts();

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(() => running.stop());
  afterAll(() => redis?.stop());

  it.each([
    [1, 50],
    [2, 50],
    [8, 200],
  ])('for %i processes that all have the same %i keys in hand', async (processes, keys) => {
    const fleet = await SmallFleet.start({ redisUrl: redis.url, running }, processes, keys);
    expect(await fleet.coldStart()).toEqual(times(keys, coldStart(processes, processes)));
    expect(await fleet.rejection()).toEqual(times(keys, rejection(processes, processes)));
    expect(await fleet.reconnection()).toEqual(times(keys, reconnection(processes)));
  });
});

describe('What a fleet asks of its store in an hour of virtual time is as the plan reckons', () => {
  /** No refresh window has begun by then. */
  const BEFORE_MS = HOUR_MS - 332_000;
  /** All tokens are refreshed within this, and none for the second time. */
  const WINDOW_MS = 297_000;

  it.each([
    ['in turn', 1, 1, 20],
    ['in turn', 1, 4, 20],
    ['in turn', 1, 8, 10],
    ['at once', 2, 4, 20],
    ['at once', 2, 8, 10],
  ] as const)(
    'when processes ask %s: each %i times for a refresh, of %i processes and %i keys',
    async (asking, asks, processes, keys) => {
      const fleet = new VirtualFleet(processes, keys, HOUR_MS);
      await fleet.ask('in turn');
      fleet.count();
      await fleet.clock.advance(BEFORE_MS);
      await fleet.live(WINDOW_MS, 3_000, asking);
      expect(fleet.count()).toEqual(times(keys, refresh(processes, asks)));
    },
  );

  it('spreads the refreshes of tokens that were minted at once, around the time that the plan takes for their mean', async () => {
    const keys = 3_000;
    const fleet = new VirtualFleet(1, keys, HOUR_MS);
    await fleet.refreshAll();
    const ages = fleet.mintedAt.slice(keys);
    expect(ages).toHaveLength(keys);
    const mean = ages.reduce((sum, age) => sum + age, 0) / keys;
    expect(Math.abs(mean - refreshAfterMs(HOUR_MS))).toBeLessThan(5_000);
    expect(Math.max(...ages) - Math.min(...ages)).toBeLessThanOrEqual(refreshSpreadMs(HOUR_MS) + 1_000);
    expect(Math.max(...ages) - Math.min(...ages)).toBeGreaterThan(refreshSpreadMs(HOUR_MS) * 0.95);
  });
});

describe('A process asks again for a token that is being refreshed', () => {
  it.each([
    [1, 0],
    [2, 200],
    [2, 1_000],
    [3, 1_001],
  ])('%i times at most while a mint takes %i ms', (asks, mintMs) => {
    expect(mostAsks(mintMs)).toBe(asks);
  });
});

describe('The plan of a cluster', () => {
  let redis: RedisServer;
  const running = new RunningParts();

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => {
    await running.stop();
    await redis?.stop();
  });

  it('has as many connections of a process as there are to three masters', async () => {
    const { connections } = await clusterCosts(redis.url, running);
    expect(connections).toBe(connectionsOf(3));
  });
});

describe('The part of all processes that has a key of a bucket in hand', () => {
  it.each([
    [1, 64],
    [100, 64],
    [1_000, 64],
    [1_000, 1_024],
  ])('is as counted, with %i keys in hand of %i buckets', (keysInHand, buckets) => {
    const processes = 500;
    const chance = new Chance(keysInHand);
    const has = (): boolean => Array.from({ length: keysInHand }, () => chance.whole(1, buckets)).includes(1);
    const counted = Array.from({ length: processes }, has).filter(Boolean).length / processes;
    expect(Math.abs(counted - interested(keysInHand, buckets))).toBeLessThan(0.04);
  });
});

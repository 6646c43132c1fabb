import { type Redis } from 'ioredis';
import { type RedisServer } from '@mintonce/test-support';
import { expectPromises } from './expect-promises.spec-support.js';
import { type Fleet, WORKERS } from './fleet.js';
import { monotonicMs } from './monotonic.js';
import { type RedisFleet, startRedisFleet } from './redis-fleet.js';
import { type Trial } from './trial.js';

/** The library's default, which the fleet uses. */
const STORE_TIMEOUT_MS = 500;
/** A lease that ends long after a machine has found time for every process: who waits for its end is told from who was woken. */
const LEASE_MS = 3_000;
const WITH_LONGER_LEASE = { leaseMs: LEASE_MS, waitTimeoutMs: 9_000 };

interface Scene {
  redis: RedisServer;
  admin: Redis;
  trial: Trial;
}

type Strike = (scene: Scene) => Promise<unknown>;

/** Faults under load, with a token in every process; each ends when its cause is over. */
const UNDER_LOAD: [fault: string, strike: Strike][] = [
  [
    'Redis is killed and comes back empty',
    async ({ redis, trial }) => {
      await redis.kill();
      await trial.served(20);
      await redis.restart();
    },
  ],
  [
    'Redis is stopped by SIGSTOP and goes on',
    async ({ redis, trial }) => {
      redis.pause();
      await trial.served(50);
      redis.resume();
    },
  ],
  ['Redis sleeps (DEBUG SLEEP 1.2)', ({ admin }) => admin.call('DEBUG', 'SLEEP', '1.2')],
  [
    'Redis holds all clients up (CLIENT PAUSE 700 ALL)',
    async ({ admin, trial }) => {
      await admin.call('CLIENT', 'PAUSE', '700', 'ALL');
      await trial.served(20);
    },
  ],
  [
    'Redis drops all connections (CLIENT KILL)',
    ({ admin }) => Promise.all(['normal', 'pubsub'].map((type) => admin.call('CLIENT', 'KILL', 'TYPE', type))),
  ],
  [
    'Redis drops the subscribers alone (CLIENT KILL TYPE pubsub)',
    ({ admin }) => admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub'),
  ],
  ['Redis forgets the scripts (SCRIPT FLUSH)', ({ admin }) => admin.call('SCRIPT', 'FLUSH')],
  ['Redis loses everything (FLUSHALL)', ({ admin }) => admin.flushall()],
  [
    'Redis flaps: five times killed and restarted',
    async ({ redis, trial }) => {
      for (let times = 0; times < 5; times++) {
        await redis.kill();
        await trial.served(2);
        await redis.restart();
        await trial.served(2);
      }
    },
  ],
];

/** Faults while a mint is in flight and ten callers in each process wait for it. */
const IN_MID_MINT: [fault: string, strike: Strike, atMost: number][] = [
  ['FLUSHALL', ({ admin }) => admin.flushall(), 1],
  ['the loss of the lease record alone', async ({ admin }) => admin.del(...(await admin.keys('mintonce:*:l'))), 1],
  ['SCRIPT FLUSH', ({ admin }) => admin.call('SCRIPT', 'FLUSH'), 1],
  ['CLIENT KILL TYPE pubsub', ({ admin }) => admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub'), 1],
  ['CLIENT KILL TYPE normal', ({ admin }) => admin.call('CLIENT', 'KILL', 'TYPE', 'normal'), 1],
  ['CLIENT PAUSE 300 ALL', ({ admin }) => admin.call('CLIENT', 'PAUSE', '300', 'ALL'), 1],
];

describe.each([
  ['from their own memory', {}],
  ['although they ask Redis for each caller (nearCache: false)', { nearCache: false as const }],
])('Eight processes under load, %s,', (_where, options) => {
  let running: RedisFleet;
  let fleet: Fleet;

  beforeAll(async () => {
    running = await startRedisFleet({ options });
    ({ fleet } = running);
  });

  afterAll(() => running?.stop());

  it.each(UNDER_LOAD)(
    'serve the token in hand without a mint while %s, and recover by themselves',
    async (fault, strike) => {
      const trial = await fleet.trial();
      await trial.burst(2);
      await trial.load(50);
      await strike({ ...running, trial });
      const recoveryMs = await fleet.untilStoreIsBack();
      await trial.served(5);
      const heldUpMs = await fleet.heldUpMs();
      const { slowestMs } = trial;
      await expectPromises(trial, {
        promises: [2, 3, 6],
        fault: `under load, ${fault}`,
        mints: 1,
        recoveryMs,
        seen: `no caller waited for longer than ${Math.round(slowestMs)} ms`,
      });
      expect(slowestMs).toBeLessThanOrEqual(STORE_TIMEOUT_MS + heldUpMs);
    },
  );
});

describe('Eight processes', () => {
  let running: RedisFleet;
  let fleet: Fleet;
  let redis: RedisServer;
  let admin: Redis;

  beforeAll(async () => {
    running = await startRedisFleet({ options: WITH_LONGER_LEASE });
    ({ fleet, redis, admin } = running);
  });

  afterAll(() => running?.stop());

  it.each(IN_MID_MINT)('serve every caller if the fault is %s during a mint', async (fault, strike, atMost) => {
    const trial = await fleet.trial();
    const { served, release } = await trial.midMint();
    const struckAt = monotonicMs();
    await strike({ redis, admin, trial });
    release();
    await served;
    const recoveryMs = Math.max(...trial.answers.map(({ answeredAt }) => answeredAt)) - struckAt;
    const heldUpMs = await fleet.heldUpMs();
    await expectPromises(trial, { promises: [1, 2, 5], fault: `${fault} in mid-mint`, mints: { atMost }, recoveryMs });
    // The lease is renewed every third of its length, so it ends after two thirds of it at the earliest.
    expect(recoveryMs).toBeLessThanOrEqual(LEASE_MS / 2 + heldUpMs);
  });

  it.each<[fault: string, Strike, Strike]>([
    ['closed', ({ redis }) => redis.kill(), ({ redis }) => redis.restart()],
    ['silent', async ({ redis }) => redis.pause(), async ({ redis }) => redis.resume()],
  ])(
    'mint at most one token each for a new key while Redis is %s, and share one when it is back',
    async (fault, strike, heal) => {
      const trial = await fleet.trial();
      await strike({ redis, admin, trial });
      await trial.burst(10);
      const { slowestMs } = trial;
      const heldUpMs = await fleet.heldUpMs();
      await trial.load(50);
      await heal({ redis, admin, trial });
      const healedAt = monotonicMs();
      await fleet.until(async () => (await admin.keys('mintonce:*:t')).length > 0);
      const recoveryMs = monotonicMs() - healedAt;
      await fleet.untilStoreIsBack();
      await trial.served(5);
      await expectPromises(trial, {
        promises: [2, 6],
        fault: `a key that nobody has a token for, while Redis is ${fault}`,
        mints: { atMost: WORKERS },
        overlapping: WORKERS,
        recoveryMs,
        seen: `no caller waited for longer than ${Math.round(slowestMs)} ms`,
      });
      expect(slowestMs).toBeLessThanOrEqual(STORE_TIMEOUT_MS + longestMintMs(trial) + heldUpMs);
    },
  );

  it('mint at most one token per process and lifetime while Redis is down for several lifetimes, and give none past its expiry', async () => {
    const trial = await fleet.trial();
    const tokenLifetimeMs = 1_000;
    await fleet.idp.configure({ tokenLifetimeMs });
    await trial.load(50);
    await trial.served(5);
    await redis.kill();
    const killedAt = monotonicMs();
    await fleet.until(() => monotonicMs() - killedAt > 3 * tokenLifetimeMs);
    await redis.restart();
    await fleet.untilStoreIsBack();
    const backAt = monotonicMs();
    await fleet.until(() => monotonicMs() - backAt > 2 * tokenLifetimeMs);
    const local = trial.observations.filter(({ name, outcome }) => name === 'minted' && outcome === 'local');
    await expectPromises(trial, {
      promises: [2, 3, 6],
      fault: 'Redis is gone for three lifetimes of the token',
      overlapping: WORKERS,
    });
    for (const { name } of fleet.workers) {
      const beginnings = local.filter(({ worker }) => worker === name).map(({ begunAt }) => begunAt);
      // A life counts from when its mint began, and its refresh window opens after 72 % of it at the earliest.
      for (const [index, begunAt] of beginnings.slice(1).entries()) {
        expect(Number(begunAt) - Number(beginnings[index])).toBeGreaterThanOrEqual(0.7 * tokenLifetimeMs);
      }
    }
  });

  it('shut down within the limit and answer every caller while Redis is silent', async () => {
    const trial = await fleet.trial();
    redis.pause();
    await trial.load(50);
    await trial.served(2);
    const askedAt = monotonicMs();
    const exits = await Promise.all(fleet.workers.map((worker) => worker.stop()));
    const endedMs = monotonicMs() - askedAt;
    redis.resume();
    await expectPromises(trial, {
      promises: [2, 6],
      fault: 'SIGTERM of every process while Redis is silent',
      mints: { atMost: WORKERS },
      overlapping: WORKERS,
      seen: `the last process had ended after ${Math.round(endedMs)} ms`,
    });
    expect(exits).toEqual(fleet.workers.map(() => ({ code: 0, signal: null })));
  });

  it('start and serve while Redis is down, and use it when it is up', async () => {
    const trial = await fleet.trial();
    await redis.kill();
    await Promise.all(fleet.workers.map((worker) => worker.stop()));
    await Promise.all(fleet.workers.map((worker) => worker.start()));
    await trial.burst(10);
    await redis.restart();
    const recoveryMs = await fleet.untilStoreIsBack();
    await trial.burst(10);
    await expectPromises(trial, {
      promises: [2, 6],
      fault: 'Redis is closed when the processes start',
      mints: { atMost: WORKERS },
      overlapping: WORKERS,
      recoveryMs,
    });
  });
});

/** Eight concurrent mints take longer than one. */
function longestMintMs({ calls }: Trial): number {
  return Math.max(...calls.map(({ startedAt, endedAt }) => Number(endedAt) - startedAt));
}

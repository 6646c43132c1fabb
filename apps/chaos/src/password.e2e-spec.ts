import { expectPromises } from './expect-promises.spec-support.js';
import { type Fleet } from './fleet.js';
import { monotonicMs } from './monotonic.js';
import { type RedisFleet, startRedisFleet } from './redis-fleet.js';

const WORKERS = 3;
const PASSWORD = 'once-it-was-right';

/** ioredis reconnects after 50 ms, 100 ms and so on up to 2 s; the subscriber connection doubles its delay from 50 ms. */
const MOST_ATTEMPTS_PER_SECOND = 20;

describe("Three processes with the policy whenStoreUnavailable: 'fail'", () => {
  let running: RedisFleet;
  let fleet: Fleet;

  beforeAll(async () => {
    running = await startRedisFleet({
      workers: WORKERS,
      password: PASSWORD,
      options: { whenStoreUnavailable: 'fail' },
    });
    ({ fleet } = running);
  });

  afterAll(() => running?.stop());

  it('report a wrong password of Redis without quoting it, and back off', async () => {
    const { admin } = running;
    const trial = await fleet.trial();
    await admin.config('SET', 'requirepass', 'another-one');
    await Promise.all(['normal', 'pubsub'].map((type) => admin.call('CLIENT', 'KILL', 'TYPE', type)));
    const attemptsBefore = await attempts();
    const brokenAt = monotonicMs();
    await trial.load(50);
    await fleet.until(() => monotonicMs() - brokenAt > 2_000);
    await trial.rest();
    const perSecond = ((await attempts()) - attemptsBefore) / ((monotonicMs() - brokenAt) / 1_000) / WORKERS;
    const messages = new Set(trial.answers.map(({ error }) => error?.message));

    await admin.config('SET', 'requirepass', PASSWORD);
    const recoveryMs = await fleet.untilStoreIsBack();
    await trial.burst(10);
    await expectPromises(trial, {
      promises: [2, 6],
      fault: 'the password of Redis is wrong (WRONGPASS), policy fail',
      mints: 1,
      errors: ['TOKEN_STORE_UNAVAILABLE'],
      recoveryMs,
      seen: `${perSecond.toFixed(1)} attempts to connect per process and second`,
    });
    expect([...messages].join('\n')).toMatch(/WRONGPASS/);
    expect([...messages, ...fleet.workers.map((worker) => worker.output())].join('\n')).not.toContain(PASSWORD);
    expect(perSecond).toBeLessThan(MOST_ATTEMPTS_PER_SECOND);
  });

  async function attempts(): Promise<number> {
    const [, received] = /total_connections_received:(\d+)/.exec(await running.admin.info('stats')) ?? [];
    return Number(received);
  }
});

import { expectPromises } from './expect-promises.spec-support.js';
import { type Fleet } from './fleet.js';
import { monotonicMs } from './monotonic.js';
import { startRedisFleet } from './redis-fleet.js';
import { startSqliteFleet } from './sqlite-fleet.js';

const FIVE_MINUTES_MS = 300_000;
/** Longer than a busy machine holds up a request for a token: one that arrives late is followed sooner by the next. */
const LIFE_MS = 2_000;

const skew = (fleet: Fleet, ms: number, ...names: string[]) =>
  Promise.all(names.map((name) => fleet.worker(name).ask({ do: 'skew', ms })));

const everybody = (fleet: Fleet): string[] => fleet.workers.map(({ name }) => name);

async function pass(fleet: Fleet, ms: number): Promise<void> {
  const since = monotonicMs();
  await fleet.until(() => monotonicMs() - since >= ms);
}

describe('Eight processes on Redis', () => {
  let running: { fleet: Fleet; stop(): Promise<void> };
  let fleet: Fleet;

  beforeAll(async () => {
    running = await startRedisFleet();
    fleet = running.fleet;
  });

  afterEach(() => skew(fleet, 0, ...everybody(fleet)));
  afterAll(() => running?.stop());

  it('mint one token per lifetime while the clocks of their hosts differ by ten minutes and are set', async () => {
    const trial = await fleet.trial();
    await fleet.idp.configure({ tokenLifetimeMs: LIFE_MS });
    await skew(fleet, FIVE_MINUTES_MS, 'w0', 'w1');
    await skew(fleet, -FIVE_MINUTES_MS, 'w2', 'w3');
    await trial.load(50);
    for (const ms of [FIVE_MINUTES_MS, -FIVE_MINUTES_MS, 0]) {
      await pass(fleet, LIFE_MS);
      await skew(fleet, ms, 'w4', 'w5');
    }
    await expectPromises(trial, {
      promises: [1, 2, 3],
      fault: "clocks of hosts that are 5 min ahead or behind, and that step, for three of the token's lifetimes",
    });
  });
});

describe('Four processes on SQLite', () => {
  let running: { fleet: Fleet; stop(): Promise<void> };
  let fleet: Fleet;

  beforeAll(async () => {
    running = await startSqliteFleet({ workers: 4 });
    fleet = running.fleet;
  });

  afterEach(() => skew(fleet, 0, ...everybody(fleet)));
  afterAll(() => running?.stop());

  it.each([
    ['forward', FIVE_MINUTES_MS],
    ['back', -FIVE_MINUTES_MS],
  ])('give no token past its expiry if the clock of their machine is set by five minutes %s', async (direction, ms) => {
    const trial = await fleet.trial();
    await fleet.idp.configure({ tokenLifetimeMs: LIFE_MS });
    await trial.burst(2);
    await skew(fleet, ms, ...everybody(fleet));
    // A clock that is ahead cannot be told from a machine that has slept: tokens that end by it are minted again.
    if (ms > 0) trial.losses++;
    await trial.load(50);
    await pass(fleet, 3 * LIFE_MS);
    await expectPromises(trial, {
      promises: [2, 3],
      fault: `the machine's clock steps five minutes ${direction}`,
      mints: { atMost: 6 },
    });
  });
});

import {
  ensureFakeTime,
  FAKETIME_IS_MISSING,
  FakeTime,
  type TemporaryDirectory,
  temporaryDirectory,
} from '@mintonce/test-support';
import { expectPromises } from './expect-promises.spec-support.js';
import { monotonicMs } from './monotonic.js';
import { type RedisFleet, startRedisFleet } from './redis-fleet.js';
import { type Trial } from './trial.js';

const HOUR_MS = 3_600_000;
/** Longer than a busy machine holds up a request for a token: one that arrives late is followed sooner by the next. */
const LIFE_MS = 2_000;
const library = ensureFakeTime();

describe('Four processes on Redis, of which two have hosts with clocks of their own', () => {
  if (library === undefined) {
    it.skip(`are not tested: ${FAKETIME_IS_MISSING}`, () => {});
    return;
  }

  let directories: TemporaryDirectory[];
  let clocks: FakeTime[];
  let running: RedisFleet;

  beforeAll(async () => {
    directories = [temporaryDirectory(), temporaryDirectory()];
    clocks = directories.map(({ path }) => new FakeTime(library, path));
    running = await startRedisFleet({ workers: 4, env: (worker) => clocks[worker]?.env ?? {} });
  });
  afterEach(() => clocks.forEach((clock) => clock.setAhead(0)));
  afterAll(async () => {
    await running?.stop();
    directories.forEach((directory) => directory.remove());
  });

  /** The hours by which the clock of each worker is ahead. */
  async function hoursAhead(): Promise<number[]> {
    const reports = await Promise.all(running.fleet.workers.map((worker) => worker.ask({ do: 'report' })));
    return reports.map(({ wallClockAt }) => Math.round((wallClockAt - Date.now()) / HOUR_MS) + 0);
  }

  async function trial(): Promise<Trial> {
    const begun = await running.fleet.trial();
    await running.fleet.idp.configure({ tokenLifetimeMs: LIFE_MS });
    return begun;
  }

  async function pass(ms: number): Promise<void> {
    const since = monotonicMs();
    await running.fleet.until(() => monotonicMs() - since >= ms);
  }

  it.each([
    ['ahead', HOUR_MS, -HOUR_MS],
    ['behind', -HOUR_MS, HOUR_MS],
  ])(
    'mint one token per lifetime while one clock is an hour %s, and the other an hour off the other way',
    async (direction, ms, other) => {
      clocks[0]!.setAhead(ms);
      clocks[1]!.setAhead(other);
      const calls = await trial();
      expect(await hoursAhead()).toEqual([ms / HOUR_MS, other / HOUR_MS, 0, 0]);
      await calls.load(50);
      await pass(3 * LIFE_MS);
      await expectPromises(calls, {
        promises: [1, 2, 3],
        fault: `the clock of a host is an hour ${direction} (libfaketime), and another the other way`,
      });
    },
  );

  it('mint one token per lifetime while the clock of one steps by an hour, forward and back', async () => {
    const calls = await trial();
    await calls.load(50);
    for (const ms of [HOUR_MS, 0, -HOUR_MS, 0]) {
      await calls.served(1);
      clocks[0]!.setAhead(ms);
      expect(await hoursAhead()).toEqual([ms / HOUR_MS, 0, 0, 0]);
      await pass(LIFE_MS);
    }
    await expectPromises(calls, {
      promises: [1, 2, 3],
      fault: 'the clock of a host steps by an hour, forward and back, four times (libfaketime)',
    });
  });
});

import { FakeClock } from '../../testing/fake-clock.js';
import { LookPace } from './look-pace.js';
import { Looks } from './looks.js';
import { StoreVersion } from './store-version.js';

const WAIT_MS = 3_000;
/** When one looks that waits for a store without a version. */
const PACE = [50, 150, 300, 500, 750, 1_000, 1_250, 1_500, 1_750, 2_000, 2_250, 2_500, 2_750, WAIT_MS];

const every = (ms: number, from = ms): number[] =>
  Array.from({ length: Math.ceil((WAIT_MS - from) / ms) }, (_, index) => from + index * ms);

describe('Looks', () => {
  let clock: FakeClock;
  let version: number | undefined;
  let versionReads: number;

  beforeEach(() => {
    clock = new FakeClock();
    version = 1;
    versionReads = 0;
  });

  function versioned(): Looks {
    const storeVersion = new StoreVersion(clock, () => (versionReads++, version));
    storeVersion.hasHeardSince(0);
    return new Looks(clock, storeVersion);
  }

  /** When one looks that waits, while the store changes at those instants. */
  async function looksOf(looks: Looks, changes: readonly number[]): Promise<number[]> {
    const seen: number[] = [];
    const latestAt = clock.monotonic() + WAIT_MS;
    const pace = new LookPace();
    const wait = (): void =>
      void looks.next({
        askedAt: clock.monotonic(),
        latestAt,
        pace,
        callback: () => {
          seen.push(clock.monotonic());
          if (clock.monotonic() < latestAt) wait();
        },
      });
    for (const at of changes) clock.after(at, () => (version = (version ?? 0) + 1));
    wait();
    await clock.advance(WAIT_MS);
    return seen;
  }

  it('come ever more seldom at a store without a version, and at the end of the wait', async () => {
    expect(await looksOf(new Looks(clock, undefined), [])).toEqual(PACE);
  });

  it('come as often while the version cannot be told', async () => {
    version = undefined;
    expect(await looksOf(versioned(), [])).toEqual(PACE);
  });

  it.each([
    ['not before the end of the wait while nothing changes', [], [WAIT_MS]],
    ['within 10 ms of a change', [200], [200, WAIT_MS]],
    ['50 ms after one that was put off, for a change that comes right after it', [200, 205], [200, 250, WAIT_MS]],
    ['after the first pause for a change within it', [20], [50, WAIT_MS]],
    ['at their own pace while the store changes all the time', every(5), PACE],
  ])('come %s', async (_when, changes, expected) => {
    const seen = await looksOf(versioned(), changes);
    expect(seen.map((at) => Math.floor(at / 10) * 10)).toEqual(expected);
  });

  it.each([
    ['every 60 ms', every(60)],
    ['every 110 ms', every(110)],
    ['every 260 ms', every(260)],
    ['all the time, after 2 s in which nothing changed', every(5, 2_000)],
    ['a few times in a row, again and again', every(400).flatMap((at) => [at, at + 30, at + 60, at + 90])],
  ])('were at no moment more than those of a store without a version that changes %s', async (_often, changes) => {
    const seen = await looksOf(versioned(), changes);
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.filter((at, index) => at < (PACE[index] ?? Infinity))).toEqual([]);
  });

  it('leave no timer behind', async () => {
    await looksOf(versioned(), [200]);
    expect(clock['timers'].size).toBe(0);
  });

  it('read the version once every 10 ms, however many wait, and not at all once nobody does', async () => {
    const looks = versioned();
    const wait = { askedAt: 0, latestAt: WAIT_MS, callback: (): void => {} };
    const cancels = Array.from({ length: 100 }, () => looks.next({ ...wait, pace: new LookPace() }));
    await clock.advance(50);
    versionReads = 0;
    await clock.advance(100);
    expect(versionReads).toBe(10);
    expect(clock['timers'].size).toBe(1);
    cancels.pop()!();
    expect(clock['timers'].size).toBe(1);
    for (const cancel of cancels) cancel();
    expect(clock['timers'].size).toBe(0);
    await clock.advance(100);
    expect(versionReads).toBe(10);
  });
});

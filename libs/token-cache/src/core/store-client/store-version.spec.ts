import { FakeClock } from '../../testing/fake-clock.js';
import { StoreVersion } from './store-version.js';

describe('StoreVersion', () => {
  let clock: FakeClock;
  let version: number | undefined;
  let looks: number;
  let store: StoreVersion;

  beforeEach(() => {
    clock = new FakeClock();
    version = 1;
    looks = 0;
    store = new StoreVersion(clock, () => (looks++, version));
  });

  const later = (): Promise<void> => clock.advance(10);
  const hasHeardSince = (...instants: number[]): boolean[] => instants.map((at) => store.hasHeardSince(at));

  it('tells the instant of the look that found a change, and the same one while there is none', async () => {
    expect(hasHeardSince(-1, 0)).toEqual([false, true]);
    await later();
    expect(hasHeardSince(-1, 0)).toEqual([false, true]);
    version = 2;
    await later();
    expect(hasHeardSince(19, 20)).toEqual([false, true]);
  });

  it('trusts nothing while the version cannot be told, nor what was told before', async () => {
    expect(hasHeardSince(0)).toEqual([true]);
    version = undefined;
    await later();
    expect(hasHeardSince(0, 10, Infinity)).toEqual([false, false, false]);
    expect(store.isInterrupted).toBe(false);
    version = 1;
    await later();
    expect(hasHeardSince(0, 10, 20)).toEqual([false, false, true]);
  });

  it('trusts nothing while the store fails to tell it', async () => {
    store = new StoreVersion(clock, () => {
      throw new Error('the file is gone');
    });
    expect(hasHeardSince(0, Infinity)).toEqual([false, false]);
  });

  it('is looked at once for all callers of one turn, and again by a caller that goes on after an await', async () => {
    for (let caller = 0; caller < 100; caller++) store.hasHeardSince(0);
    expect(looks).toBe(1);
    await Promise.resolve();
    store.hasHeardSince(0);
    expect(looks).toBe(2);
  });
});

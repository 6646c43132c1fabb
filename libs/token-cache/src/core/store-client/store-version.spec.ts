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

  it('tells the instant of the look that found a change, and the same one while there is none', async () => {
    const first = store.upSince;
    await later();
    expect(store.upSince).toBe(first);
    version = 2;
    await later();
    expect(store.upSince).toBe(clock.monotonic());
  });

  it('trusts nothing while the version cannot be told, nor what was told before', async () => {
    const first = store.upSince;
    version = undefined;
    await later();
    expect(store.upSince).toBe(Infinity);
    version = 1;
    await later();
    expect(store.upSince).toBeGreaterThan(first);
  });

  it('trusts nothing while the store fails to tell it', async () => {
    store = new StoreVersion(clock, () => {
      throw new Error('the file is gone');
    });
    expect(store.upSince).toBe(Infinity);
  });

  it('is looked at once for all callers of one turn, and again by a caller that goes on after an await', async () => {
    for (let caller = 0; caller < 100; caller++) void store.upSince;
    expect(looks).toBe(1);
    await Promise.resolve();
    void store.upSince;
    expect(looks).toBe(2);
  });
});

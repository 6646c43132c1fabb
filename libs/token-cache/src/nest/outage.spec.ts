import { Outage } from './outage.js';

describe('An outage', () => {
  let now: number;
  let outage: Outage;
  beforeEach(() => {
    now = 1_000;
    outage = new Outage(() => now);
  });

  it('is told at its first failure and not again while it lasts', () => {
    expect([outage.failed(), outage.failed()]).toEqual([true, false]);
    now += 3_600_000;
    expect(outage.failed()).toBe(false);
  });

  it('is told when it is over, with its length and its failures', () => {
    outage.failed();
    now += 250;
    outage.failed();
    expect(outage.worked()).toEqual({ lastedMs: 250, failures: 2 });
    expect(outage.worked()).toBeUndefined();
  });

  it('that follows another within a minute is told neither when it begins nor when it is over', () => {
    outage.failed();
    outage.worked();
    now += 59_999;
    expect(outage.failed()).toBe(false);
    expect(outage.worked()).toBeUndefined();
  });

  it('that follows another within a minute is told when it outlasts that minute', () => {
    outage.failed();
    outage.worked();
    now += 30_000;
    outage.failed();
    now += 30_000;
    expect(outage.failed()).toBe(true);
    expect(outage.worked()).toEqual({ lastedMs: 30_000, failures: 2 });
  });

  it('is nothing to tell of when nothing failed', () => {
    expect(outage.worked()).toBeUndefined();
  });
});

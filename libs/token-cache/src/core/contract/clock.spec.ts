import { systemClock } from './clock.js';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

describe('systemClock', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it.each([
    [-1, 0],
    [1_000, 1_000],
    [2 ** 40, LONGEST_TIMER_MS],
  ])('calls back once after %i ms, or as near to that as a timer of Node can be', (delayMs, expectedMs) => {
    const callback = jest.fn();
    systemClock.after(delayMs, callback);
    jest.advanceTimersByTime(Math.max(0, expectedMs - 1));
    expect(callback).toHaveBeenCalledTimes(expectedMs === 0 ? 1 : 0);
    jest.advanceTimersByTime(LONGEST_TIMER_MS);
    expect(callback).toHaveBeenCalledTimes(1);
  });

  it('does not call back who cancelled', () => {
    const callback = jest.fn();
    systemClock.after(1_000, callback)();
    jest.advanceTimersByTime(2_000);
    expect(callback).not.toHaveBeenCalled();
  });
});

import { FakeClock } from '../../testing/fake-clock.js';
import { StallingClock } from '../../testing/stalling-clock.spec-support.js';
import { type Clock, systemClock } from '../contract/clock.js';
import { NoAnswerError, TimeLimit } from './time-limit.js';

const never: Promise<never> = new Promise(() => {});

/** The outcome of a limit once it is there. */
function outcomeOf(limit: Promise<unknown>): { error?: unknown } {
  const outcome: { error?: unknown } = {};
  limit.catch((error: unknown) => (outcome.error = error));
  return outcome;
}

describe('A time limit', () => {
  it.each([1, 2, 3, 10, 99, 500])('of %i ms ends then, and not before', async (limitMs) => {
    const clock = new FakeClock();
    const outcome = outcomeOf(new TimeLimit(clock, limitMs).bound(never));
    await clock.advance(limitMs - 1);
    expect(outcome.error).toBeUndefined();
    await clock.advance(1);
    expect(outcome.error).toEqual(new NoAnswerError(limitMs));
  });

  it('leaves the part of it that a stall did not take', async () => {
    const clock = new StallingClock();
    const limit = new TimeLimit(clock, 400);
    const outcome = outcomeOf(limit.bound(never));
    clock.stall(5_000);
    await clock.advance(399);
    expect(outcome.error).toBeUndefined();
    await clock.advance(1);
    expect([outcome.error, limit.hasStalled]).toEqual([expect.any(NoAnswerError), true]);
  });

  it('takes a timer that fires a little late for no stall', async () => {
    const clock = new StallingClock();
    const limit = new TimeLimit(clock, 400);
    const outcome = outcomeOf(limit.bound(never));
    clock.stall(100);
    await clock.advance(400);
    expect([outcome.error, limit.hasStalled]).toEqual([expect.any(NoAnswerError), false]);
  });

  it('knows of a stall before its own timer fires, as the timers of others may do so first', () => {
    const clock = new StallingClock();
    const limit = new TimeLimit(clock, 400);
    clock.stall(200);
    expect(limit.hasStalled).toBe(false);
    clock.stall(1);
    expect(limit.hasStalled).toBe(true);
  });

  it('reads an answer that has arrived before it gives up', async () => {
    let read: () => void = () => {};
    const clock: Clock = Object.assign(new FakeClock(), { afterInput: (callback: () => void) => (read = callback) });
    let answer: (value: string) => void = () => {};
    const limit = new TimeLimit(clock, 400);
    const limited = limit.bound(new Promise<string>((resolve) => (answer = resolve)));
    await (clock as FakeClock).advance(400);
    answer('in time');
    await limited;
    read();
    expect(await limited).toBe('in time');
    expect(limit.isOver).toBe(false);
  });

  it('tells its work when it is over', async () => {
    const clock = new FakeClock();
    const limit = new TimeLimit(clock, 400);
    const outcome = outcomeOf(limit.bound(never));
    await clock.advance(399);
    expect(limit.isOver).toBe(false);
    await clock.advance(1);
    expect([limit.isOver, outcome.error]).toEqual([true, expect.any(NoAnswerError)]);
  });

  it('leaves no timer behind an answer', async () => {
    const clock = new FakeClock();
    expect(await new TimeLimit(clock, 400).bound(Promise.resolve('answer'))).toBe('answer');
    expect(clock['timers'].size).toBe(0);
  });

  it('of the system reads the sockets before it gives up', async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      setTimeout(() => {
        systemClock.afterInput?.(() => (order.push('after input'), resolve()));
        order.push('timer');
      });
    });
    expect(order).toEqual(['timer', 'after input']);
  });
});

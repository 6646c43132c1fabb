import { inspect } from 'node:util';
import { FakeClock } from '../../testing/fake-clock.js';
import { Retries } from './retries.js';

describe('Retries', () => {
  let clock: FakeClock;
  let closed: AbortController;
  let retries: Retries;
  let calledAt: number[];

  beforeEach(() => {
    clock = new FakeClock();
    closed = new AbortController();
    retries = new Retries(clock, closed.signal);
    calledAt = [];
  });

  /** A call that notes its instant, and is done at that attempt. */
  function doneAt(attempt: number): () => Promise<boolean> {
    return async () => calledAt.push(clock.monotonic()) >= attempt;
  }

  it('make the first call at once', () => {
    retries.begin(10_000, doneAt(1));
    expect(calledAt).toEqual([0]);
  });

  it('pause twice as long after each call, from 50 ms up to a second', async () => {
    retries.begin(10_000, doneAt(Infinity));
    await clock.advance(5_000);
    expect(calledAt).toEqual([0, 50, 150, 350, 750, 1_550, 2_550, 3_550, 4_550]);
  });

  it('end when the call is done', async () => {
    retries.begin(10_000, doneAt(3));
    await clock.advance(10_000);
    expect(calledAt).toEqual([0, 50, 150]);
    expect(clock['timers'].size).toBe(0);
    expect(inspect(retries)).toContain('running: Set(0) {}');
  });

  it.each([
    ['before the end', 151, [0, 50, 150]],
    ['not at the end', 150, [0, 50]],
    ['none when their time is over already', 0, []],
  ])('make a call %s', async (_when, endsAt, instants) => {
    retries.begin(endsAt, doneAt(Infinity));
    await clock.advance(5_000);
    expect(calledAt).toEqual(instants);
    expect(clock['timers'].size).toBe(0);
  });

  it('go on beside each other', async () => {
    retries.begin(10_000, doneAt(2));
    await clock.advance(20);
    retries.begin(10_000, doneAt(4));
    await clock.advance(1_000);
    expect(calledAt).toEqual([0, 20, 50, 70]);
  });

  describe('when they are closed', () => {
    it('make no call any more and leave no timer behind', async () => {
      retries.begin(10_000, doneAt(Infinity));
      await clock.advance(60);
      closed.abort();
      await retries.settled();
      await clock.advance(10_000);
      expect(calledAt).toEqual([0, 50]);
      expect(clock['timers'].size).toBe(0);
    });

    it('wait for the call that is under way', async () => {
      let answer: (isDone: boolean) => void = () => {};
      retries.begin(10_000, () => new Promise((resolve) => (answer = resolve)));
      const settled = jest.fn();
      closed.abort();
      void retries.settled().then(settled);
      await clock.advance(1_000);
      expect(settled).not.toHaveBeenCalled();
      answer(false);
      await clock.advance(0);
      expect(settled).toHaveBeenCalledTimes(1);
    });

    it('begin nothing', async () => {
      closed.abort();
      await retries.settled();
      retries.begin(10_000, doneAt(Infinity));
      await clock.advance(1_000);
      expect(calledAt).toEqual([]);
    });
  });
});

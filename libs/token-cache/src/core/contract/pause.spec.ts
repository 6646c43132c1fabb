import { FakeClock } from '../../testing/fake-clock.js';
import { pause } from './pause.js';

describe('pause', () => {
  let clock: FakeClock;
  let over: jest.Mock;
  let stop: AbortController;

  beforeEach(() => {
    [clock, over, stop] = [new FakeClock(), jest.fn(), new AbortController()];
  });

  it('is over after its time, and leaves no listener behind', async () => {
    const ignored = jest.spyOn(stop.signal, 'removeEventListener');
    void pause(clock, 100, stop.signal).then(over);
    await clock.advance(99);
    expect(over).not.toHaveBeenCalled();
    await clock.advance(1);
    expect(over).toHaveBeenCalledTimes(1);
    expect(ignored).toHaveBeenCalledTimes(1);
  });

  it('is over as soon as its signal aborts, and leaves no timer behind', async () => {
    void pause(clock, 100, stop.signal).then(over);
    stop.abort();
    await clock.advance(0);
    expect(over).toHaveBeenCalledTimes(1);
    expect(clock['timers'].size).toBe(0);
  });

  it('is none when its signal has aborted', async () => {
    stop.abort();
    void pause(clock, 100, stop.signal).then(over);
    await clock.advance(0);
    expect(over).toHaveBeenCalledTimes(1);
  });

  it('needs no signal', async () => {
    void pause(clock, 100, undefined).then(over);
    await clock.advance(100);
    expect(over).toHaveBeenCalledTimes(1);
  });
});

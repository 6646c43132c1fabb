import { getEventListeners } from 'node:events';
import { onAbort } from './abort-callbacks.js';

describe('onAbort', () => {
  it('tells every callback of a signal by one listener', () => {
    const { signal, abort } = controller();
    const callbacks = Array.from({ length: 11 }, () => jest.fn());
    for (const callback of callbacks) onAbort(signal, callback);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    abort();
    for (const callback of callbacks) expect(callback).toHaveBeenCalledTimes(1);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('does not tell a callback that ended it, and leaves nothing on the signal', () => {
    const { signal, abort } = controller();
    const [ended, other] = [jest.fn(), jest.fn()];
    const ends = [ended, other].map((callback) => onAbort(signal, callback));
    ends[0]!();
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    ends[1]!();
    ends[1]!();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    abort();
    expect([ended.mock.calls.length, other.mock.calls.length]).toEqual([0, 0]);
  });

  it('listens again after all callbacks ended it', () => {
    const { signal, abort } = controller();
    const end = onAbort(signal, jest.fn());
    end();
    const callbacks = [jest.fn(), jest.fn()];
    onAbort(signal, callbacks[0]!);
    end();
    onAbort(signal, callbacks[1]!);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    abort();
    for (const callback of callbacks) expect(callback).toHaveBeenCalledTimes(1);
  });

  it('tells of a signal that has aborted already, once the caller has the function that ends it', async () => {
    const [told, ended] = [jest.fn(), jest.fn()];
    onAbort(AbortSignal.abort(), told);
    onAbort(AbortSignal.abort(), ended)();
    expect(told).not.toHaveBeenCalled();
    await Promise.resolve();
    expect([told.mock.calls.length, ended.mock.calls.length]).toEqual([1, 0]);
  });

  it.each([
    ['will abort', false],
    ['has aborted already', true],
  ])('gives the reason of a signal that %s', async (_when, hasAborted) => {
    const own = new AbortController();
    const told = jest.fn();
    if (hasAborted) own.abort('left');
    onAbort(own.signal, told);
    own.abort('left');
    await Promise.resolve();
    expect(told.mock.calls).toEqual([['left']]);
  });

  function controller(): { signal: AbortSignal; abort: () => void } {
    const own = new AbortController();
    return { signal: own.signal, abort: () => own.abort() };
  }
});

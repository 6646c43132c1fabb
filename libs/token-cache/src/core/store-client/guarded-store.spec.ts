import { FaultyTokenStore } from '../../testing/faulty-token-store.js';
import { pass, settled } from '../../testing/fleet.spec-support.js';
import { StallingClock } from '../../testing/stalling-clock.spec-support.js';
import { systemClock } from '../contract/clock.js';
import { BREAKER_RESET_MS } from './breaker.js';
import { GuardedStore } from './guarded-store.js';
import { INSISTENCE_MS } from './insistence.js';
import { MemoryTokenStore } from '../slot/memory-token-store.js';
import { TokenStoreUnavailableError } from '../contract/token-cache.errors.js';
import { TokenObserver } from '../contract/token-observer.js';
import { TokenObservers } from '../contract/token-observers.js';

const TIMEOUT_MS = 500;

describe('GuardedStore', () => {
  let store: FaultyTokenStore;
  let closed: AbortController;
  let guarded: GuardedStore;
  const seen: unknown[] = [];
  const failed: unknown[] = [];

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
    store = new FaultyTokenStore(new MemoryTokenStore());
    closed = new AbortController();
    const observers = new TokenObservers();
    seen.length = failed.length = 0;
    observers.add(
      new (class extends TokenObserver {
        override storeCalled(...call: unknown[]): void {
          seen.push(call);
        }
        override storeFailed(...failure: unknown[]): void {
          failed.push(failure);
        }
      })(),
    );
    guarded = new GuardedStore(store, systemClock, observers, closed.signal);
  });

  afterEach(async () => {
    await close();
    jest.useRealTimers();
  });

  const close = (): Promise<void> => {
    closed.abort();
    return guarded.close();
  };
  const peek = (keyId = 'key', timeoutMs = TIMEOUT_MS) =>
    guarded.call(keyId, 'peek', timeoutMs, (inner) => inner.peek(keyId)).catch((error: unknown) => error);

  async function failThreeTimes(): Promise<void> {
    store.fault = () => 'reject';
    for (let call = 0; call < 3; call++) await peek();
  }

  it('answers what the store answers, and reports the call', async () => {
    expect(await peek()).toEqual({ isRejected: false, voidedUpTo: 0 });
    expect(seen).toEqual([['peek', 0, false]]);
  });

  it('says what failed and why, and reports it', async () => {
    store.fault = () => 'reject';
    const error = await peek();
    expect(error).toBeInstanceOf(TokenStoreUnavailableError);
    expect(error).toMatchObject({
      message: expect.stringContaining('The token store did not answer "peek"'),
      cause: new Error('connection lost'),
    });
    expect(seen).toEqual([['peek', 0, true]]);
    expect(failed).toEqual([['peek', error]]);
  });

  it('waits for an answer as long as it may, and no longer', async () => {
    await pass(100);
    store.fault = () => 'hang';
    let outcome: unknown;
    void peek().then((error) => (outcome = error));
    await pass(TIMEOUT_MS - 1);
    expect(outcome).toBeUndefined();
    await pass(1);
    expect(outcome).toMatchObject({ cause: new Error('no answer within 500 ms') });
    expect(seen).toEqual([['peek', TIMEOUT_MS, true]]);
  });

  it.each([
    ['peek', 2],
    ['acquire', 2],
    ['commit', 1],
    ['offer', 1],
  ] as const)('asks again after a stall for what does not tell the life of a token: %s', async (operation, times) => {
    const clock = new StallingClock();
    const stalled = new GuardedStore(store, clock, new TokenObservers(), closed.signal);
    let calls = 0;
    const call = stalled.call('key', operation, TIMEOUT_MS, () => {
      calls++;
      clock.stall(5_000);
      return Promise.reject(new Error('Command timed out'));
    });
    await expect(call).rejects.toThrow(TokenStoreUnavailableError);
    expect(calls).toBe(times);
  });

  it('leaves no timer behind an answer', async () => {
    const timers = jest.getTimerCount();
    await peek('fresh');
    expect(jest.getTimerCount()).toBeLessThanOrEqual(timers + 2);
    const settled = jest.getTimerCount();
    await peek('fresh');
    expect(jest.getTimerCount()).toBe(settled);
  });

  it('does not ask a store that failed three times until a moment has passed, and then tries it once', async () => {
    await failThreeTimes();
    const cause = new Error('the store did not answer a moment ago and is not asked');
    expect(await peek()).toMatchObject({ cause });
    expect(store.calls).toHaveLength(3);
    await pass(BREAKER_RESET_MS);
    await Promise.all([peek(), peek(), peek()]);
    expect(store.calls).toHaveLength(4);
    store.fault = () => undefined;
    await pass(BREAKER_RESET_MS);
    expect(await peek()).toEqual({ isRejected: false, voidedUpTo: 0 });
    expect(await peek()).toEqual({ isRejected: false, voidedUpTo: 0 });
  });

  it('cuts off nobody but those whose time limit has run out', async () => {
    await failThreeTimes();
    store.fault = () => undefined;
    expect(await peek('key', 2 * TIMEOUT_MS)).toEqual({ isRejected: false, voidedUpTo: 0 });
    expect(await peek('key')).toBeInstanceOf(TokenStoreUnavailableError);
  });

  it('cuts off no key but those in the part of the store that does not answer', async () => {
    store.nodeOf = (keyId) => keyId.slice(0, 1);
    await failThreeTimes();
    store.fault = () => undefined;
    expect(await peek('a healthy key')).toEqual({ isRejected: false, voidedUpTo: 0 });
    expect(await peek('k')).toBeInstanceOf(TokenStoreUnavailableError);
    await guarded.call(undefined, 'ping', TIMEOUT_MS, (inner) => inner.ping());
  });

  it('keeps a bounded number of breakers, however many parts a store has', async () => {
    store.nodeOf = (keyId) => keyId;
    for (let key = 0; key < 3_000; key++) await peek(`key ${key}`);
    expect(guarded['breakers'].size).toBeLessThanOrEqual(1_000);
  });

  it('goes on asking a store that answers with errors', async () => {
    store.hasAnswered = (error) => (error as Error).message === 'connection lost';
    await failThreeTimes();
    await failThreeTimes();
    expect(store.calls).toHaveLength(6);
  });

  it('counts an error that the store answers with as an answer', async () => {
    const messages = ['connection lost', 'connection lost', 'full', 'connection lost', 'connection lost'];
    store.hasAnswered = (error) => (error as Error).message === 'full';
    for (const message of messages) {
      const refused = guarded.call('key', 'peek', TIMEOUT_MS, () => Promise.reject(new Error(message)));
      await expect(refused).rejects.toMatchObject({ cause: { message } });
    }
    expect(await peek()).toMatchObject({ isRejected: false });
  });

  it('stops asking a store that cannot tell an error from no answer', async () => {
    guarded = new GuardedStore(
      Object.assign(store, { hasAnswered: undefined }),
      systemClock,
      new TokenObservers(),
      closed.signal,
    );
    await failThreeTimes();
    await peek();
    expect(store.calls).toHaveLength(3);
  });

  it('goes on asking a store that did not answer while the process was busy', async () => {
    let busyMs = 0;
    const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + busyMs };
    guarded = new GuardedStore(store, clock, new TokenObservers(), closed.signal);
    store.fault = () => 'hang';
    for (let call = 0; call < 4; call++) {
      const peeked = peek();
      busyMs += 10 * TIMEOUT_MS;
      await pass(TIMEOUT_MS);
      expect(await peeked).toMatchObject({ cause: new Error('no answer within 500 ms') });
    }
    expect(store.calls).toHaveLength(4);
  });

  describe('whose client ends a call by a timer of its own, after the process was busy,', () => {
    let busyMs: number;

    beforeEach(() => {
      busyMs = 0;
      guarded = new GuardedStore(
        store,
        { ...systemClock, monotonic: () => performance.now() + busyMs },
        new TokenObservers(),
        closed.signal,
      );
    });

    /** Lets so many calls end like that, and the others be answered. */
    const losing = (calls: number): void => {
      store.fault = () => {
        if (store.calls.length > calls) return undefined;
        busyMs += 10 * TIMEOUT_MS;
        return 'reject';
      };
    };

    it('asks once more and gives the answer', async () => {
      losing(1);
      expect(await peek()).toEqual({ isRejected: false, voidedUpTo: 0 });
      expect(store.calls).toHaveLength(2);
    });

    it('asks no third time, and goes on asking for others', async () => {
      losing(Infinity);
      for (let call = 0; call < 4; call++) expect(await peek()).toMatchObject({ cause: new Error('connection lost') });
      expect(store.calls).toHaveLength(8);
    });

    it('does not ask again what the store answered with an error', async () => {
      losing(1);
      store.hasAnswered = () => true;
      expect(await peek()).toMatchObject({ cause: new Error('connection lost') });
      expect(store.calls).toHaveLength(1);
    });

    it('asks within the same time limit', async () => {
      store.fault = () => {
        if (store.calls.length > 1) return 'hang';
        busyMs += 10 * TIMEOUT_MS;
        return 'reject';
      };
      const peeked = peek();
      await pass(TIMEOUT_MS);
      expect(await peeked).toMatchObject({ cause: new Error('no answer within 500 ms') });
    });
  });

  it('asks as soon as the store is ready', async () => {
    let connected: () => void = () => {};
    store.ready = () => new Promise((resolve) => (connected = resolve));
    const peeked = peek();
    await pass(TIMEOUT_MS - 1);
    expect(store.calls).toEqual([]);
    connected();
    expect(await peeked).toEqual({ isRejected: false, voidedUpTo: 0 });
  });

  it('never makes a call whose time was over before the store was ready', async () => {
    let connected: () => void = () => {};
    store.ready = () => new Promise((resolve) => (connected = resolve));
    const peeked = peek();
    await pass(TIMEOUT_MS);
    expect(await peeked).toMatchObject({ cause: new Error('no answer within 500 ms') });
    connected();
    await pass(1);
    expect(store.calls).toEqual([]);
  });

  it('closes what the store opened', async () => {
    const closing = jest.spyOn(store, 'close');
    await close();
    expect(closing).toHaveBeenCalledTimes(1);
  });

  it('asks nothing any more once it is closed', async () => {
    await close();
    expect(await peek()).toBeInstanceOf(TokenStoreUnavailableError);
    expect(store.calls).toEqual([]);
  });

  describe('makes a call that insists', () => {
    const purge = () =>
      guarded.insist('key', 'purge', TIMEOUT_MS, (inner, withinMs) => {
        waits.push(withinMs);
        return inner.purge('key', withinMs);
      });
    let waits: number[];

    beforeEach(() => (waits = []));

    it('although the breaker is open, whose other calls are then made again', async () => {
      await failThreeTimes();
      store.fault = () => undefined;
      expect(await peek()).toBeInstanceOf(TokenStoreUnavailableError);
      expect(await purge()).toEqual(expect.any(Number));
      expect(await peek()).toMatchObject({ isRejected: false });
    });

    it('with the time of two round trips, again while it has no answer, and for 5 s', async () => {
      store.fault = () => 'hang';
      const outcome = settled(purge());
      await pass(INSISTENCE_MS - 1);
      expect(waits).toEqual([1_000, 1_000, 1_000, 1_000]);
      await pass(1);
      expect(await outcome).toMatchObject({ reason: { cause: new Error('no answer within 1000 ms') } });
    });

    it('again every 250 ms while it fails at once, as long as a round trip has time', async () => {
      store.fault = () => 'reject';
      const outcome = settled(purge());
      await pass(INSISTENCE_MS);
      expect(await outcome).toMatchObject({ status: 'rejected' });
      expect(waits).toHaveLength((INSISTENCE_MS - TIMEOUT_MS) / 250 + 1);
    });

    it.each([
      ['answers', false],
      ['refuses it no more', true],
    ])('until the store %s', async (_, hasAnswered) => {
      store.fault = () => 'reject';
      store.hasAnswered = () => hasAnswered;
      const outcome = settled(purge());
      await pass(INSISTENCE_MS / 2);
      store.fault = () => undefined;
      await pass(250);
      expect(await outcome).toMatchObject({ status: 'fulfilled' });
    });

    it('for the time of two round trips, where that is longer', async () => {
      store.fault = () => 'hang';
      const outcome = settled(guarded.insist('key', 'purge', INSISTENCE_MS, (inner) => inner.purge('key')));
      await pass(2 * INSISTENCE_MS);
      expect(await outcome).toMatchObject({ reason: { cause: new Error('no answer within 10000 ms') } });
      expect(store.calls).toEqual(['purge']);
    });

    it('and is closed only once that has its answer', async () => {
      let answer: (fence: number) => void = () => {};
      const purging = guarded.insist(
        'key',
        'purge',
        TIMEOUT_MS,
        () => new Promise<number>((resolve) => (answer = resolve)),
      );
      await pass(1);
      let isClosed = false;
      const closing = close().then(() => (isClosed = true));
      await pass(1);
      expect(isClosed).toBe(false);
      answer(7);
      expect(await purging).toBe(7);
      await closing;
    });

    it('and keeps nothing of it', async () => {
      await purge();
      await pass(0);
      expect(guarded['insisting'].size).toBe(0);
    });

    it('no more once it is closed', async () => {
      store.fault = () => 'reject';
      const outcome = settled(purge());
      await pass(1);
      await close();
      await pass(250);
      expect(await outcome).toMatchObject({ reason: { cause: new Error('the store is closed') } });
      expect(store.calls).toEqual(['purge']);
    });
  });

  it('goes on asking a store that fails less often than it answers', async () => {
    for (let call = 0; call < 12; call++) {
      store.fault = () => (call % 3 === 2 ? 'reject' : undefined);
      await peek();
    }
    expect(store.calls).toHaveLength(12);
  });

  it.each([
    ['that has just answered a hundred', undefined],
    ['that it has just refused a hundred', 'reject'],
  ] as const)('is not asked after three failed calls in a row, by a process %s', async (_, fault) => {
    await failThreeTimes();
    store.fault = () => fault;
    if (!fault) await pass(BREAKER_RESET_MS);
    for (let call = 0; call < 100; call++) await peek();
    await pass(BREAKER_RESET_MS);
    store.fault = () => undefined;
    await peek();
    const asked = store.calls.length;
    await failThreeTimes();
    await peek();
    expect(store.calls).toHaveLength(asked + 3);
  });
});

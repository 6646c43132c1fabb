import { FaultyTokenStore } from '../../testing/faulty-token-store.js';
import { pass } from '../../testing/fleet.spec-support.js';
import { systemClock } from '../contract/clock.js';
import { BREAKER_RESET_MS, GuardedStore } from './guarded-store.js';
import { MemoryTokenStore } from '../slot/memory-token-store.js';
import { TokenStoreUnavailableError } from '../contract/token-cache.errors.js';
import { TokenObserver } from '../contract/token-observer.js';
import { TokenObservers } from '../contract/token-observers.js';

const TIMEOUT_MS = 500;

describe('GuardedStore', () => {
  let store: FaultyTokenStore;
  let guarded: GuardedStore;
  const seen: unknown[] = [];

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
    store = new FaultyTokenStore(new MemoryTokenStore());
    const observers = new TokenObservers();
    seen.length = 0;
    observers.add(
      new (class extends TokenObserver {
        override storeCalled(...call: unknown[]): void {
          seen.push(call);
        }
      })(),
    );
    guarded = new GuardedStore(store, systemClock, observers);
  });

  afterEach(async () => {
    await guarded.close();
    jest.useRealTimers();
  });

  const peek = (integration = 'billing', timeoutMs = TIMEOUT_MS) =>
    guarded.call(integration, 'peek', timeoutMs, (inner) => inner.peek('key')).catch((error: unknown) => error);

  async function failThreeTimes(): Promise<void> {
    store.fault = () => 'reject';
    for (let call = 0; call < 3; call++) await peek();
  }

  it('answers what the store answers, and reports the call', async () => {
    expect(await peek()).toEqual({ isRejected: false });
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
    await peek();
    expect(store.calls).toHaveLength(3);
    await pass(BREAKER_RESET_MS);
    await Promise.all([peek(), peek(), peek()]);
    expect(store.calls).toHaveLength(4);
    store.fault = () => undefined;
    await pass(BREAKER_RESET_MS);
    expect(await peek()).toEqual({ isRejected: false });
    expect(await peek()).toEqual({ isRejected: false });
  });

  it('cuts off nobody but the integration whose calls failed', async () => {
    await failThreeTimes();
    store.fault = () => undefined;
    expect(await peek('crm')).toEqual({ isRejected: false });
    expect(await peek('billing')).toBeInstanceOf(TokenStoreUnavailableError);
  });

  it('goes on asking a store that fails less often than it answers', async () => {
    for (let call = 0; call < 12; call++) {
      store.fault = () => (call % 3 === 2 ? 'reject' : undefined);
      await peek();
    }
    expect(store.calls).toHaveLength(12);
  });
});

import { FakeClock } from '../../testing/fake-clock.js';
import { billingKey } from '../../testing/billing-key.spec-support.js';
import { FailureMemory } from './failure-memory.js';
import { TokenSourceRejectedError, TokenSourceUnavailableError } from '../contract/token-cache.errors.js';
import { type TokenKey } from '../config/token-key.js';

describe('FailureMemory', () => {
  const error = new TokenSourceUnavailableError('down');
  let key: TokenKey;

  beforeEach(() => (key = billingKey()));

  it('makes the cool-down longer with every failure in a row, and begins anew once that is over', () => {
    const failures = new FailureMemory(new FakeClock(), () => 1);
    const retryAfterMs = () => failures.remember(key, error).retryAfterMs;
    expect([retryAfterMs(), retryAfterMs(), retryAfterMs()]).toEqual([1_000, 2_000, 4_000]);
    failures.forget(key.id);
    expect(retryAfterMs()).toBe(1_000);
  });

  it('knows a failure as long as its cool-down lasts, and how long that is', async () => {
    const clock = new FakeClock();
    const failures = new FailureMemory(clock, () => 1);
    expect(failures.recent(key)).toBeUndefined();
    failures.remember(key, error);
    await clock.advance(400);
    expect(failures.recent(key)?.remainingMs).toBe(600);
    await clock.advance(600);
    expect(failures.recent(key)).toBeUndefined();
  });

  it('goes on with the number of failures when it is given one', () => {
    const failures = new FailureMemory(new FakeClock(), () => 1);
    failures.remember(key, error);
    failures.keep(key, { remainingMs: 30_000, error: 'refused' });
    expect(failures.remember(key, error).retryAfterMs).toBe(2_000);
  });

  it('forgets those of one group', () => {
    const failures = new FailureMemory(new FakeClock(), () => 1);
    const other = { id: 'other', integration: key.integration, group: 'other' };
    failures.remember(key, error);
    failures.remember(other, error);
    failures.forgetGroup(key.group);
    expect(failures.recent(key)).toBeUndefined();
    expect(failures.recent(other)).toBeDefined();
  });

  it('names its process in a failure that binds that alone', () => {
    const failures = new FailureMemory(new FakeClock(), () => 1, 'worker-1');
    failures.remember(key, new TokenSourceRejectedError('no'));
    expect(failures.recent(key)?.process).toBe('worker-1');
  });

  it('keeps a failure that it is given for as long as that lasts', async () => {
    const clock = new FakeClock();
    const failures = new FailureMemory(clock, () => 1);
    failures.keep(key, { remainingMs: 30_000, error: 'refused', process: 'worker-1' });
    await clock.advance(29_999);
    expect(failures.recent(key)).toEqual({ remainingMs: 1, error: 'refused', process: 'worker-1' });
    await clock.advance(1);
    expect(failures.recent(key)).toBeUndefined();
  });
});

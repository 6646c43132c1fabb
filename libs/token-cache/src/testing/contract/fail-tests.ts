import assert from 'node:assert/strict';

import { eventually } from './eventually.js';
import {
  KEY,
  LONG_MS,
  SHORT_MS,
  type Test,
  acquire,
  assertEmpty,
  granted,
  leaseOf,
  leaseAnswerSoon,
  leaseSoon,
  takenOver,
  publish,
  published,
  reject,
} from './fleet.js';

export function failTests(test: Test): void {
  test('releases the lease', async ({ store, other }) => {
    assert.equal(await store.fail(KEY, await leaseOf(store)), true);
    const { failures } = await granted(acquire(other));
    assert.equal(failures, 0);
  });

  test('shares the cool-down and its error with every process', async ({ store, other }) => {
    await store.fail(KEY, await leaseOf(store), { remainingMs: LONG_MS, error: 'a: "b"\n{c}' });
    const answer = await acquire(other);
    assert.equal(answer.outcome, 'cooling');
    assert.equal(answer.cooldown.error, 'a: "b"\n{c}');
    assert.ok(answer.cooldown.remainingMs > 0 && answer.cooldown.remainingMs <= LONG_MS);
  });

  test('lets the cool-down end by itself', async ({ store, other }) => {
    await store.fail(KEY, await leaseOf(store), { remainingMs: SHORT_MS, error: 'busy' });
    const answer = await eventually('the cool-down ends', async () => {
      const now = await acquire(other);
      return now.outcome === 'cooling' ? undefined : now;
    });
    assert.equal(answer.outcome, 'lease');
    await assertEmpty(other);
  });

  test('gives the valid token during the cool-down, for any minTtlMs', async ({ store, other }) => {
    const { fence } = await published(store);
    await store.fail(KEY, await leaseOf(store, { minTtlMs: LONG_MS }), { remainingMs: LONG_MS, error: 'busy' });
    for (const minTtlMs of [0, LONG_MS]) {
      const answer = await acquire(other, { minTtlMs });
      assert.equal(answer.outcome, 'hit');
      assert.equal(answer.token.fence, fence);
    }
  });

  test('counts consecutive failures, and does not count a release without a cool-down', async ({ store, other }) => {
    const failuresAfter = async (cooldown?: { remainingMs: number; error: string }): Promise<number> => {
      await store.fail(KEY, await leaseSoon(store), cooldown);
      const { failures, lease } = await leaseAnswerSoon(other);
      await other.fail(KEY, lease);
      return failures;
    };
    const cooldown = { remainingMs: 1, error: 'busy' };
    assert.equal(await failuresAfter(cooldown), 1);
    assert.equal(await failuresAfter(cooldown), 2);
    assert.equal(await failuresAfter(), 2);
    assert.equal(await failuresAfter(cooldown), 3);
  });

  test('resets the count of failures at a commit', async ({ store, other }) => {
    await store.fail(KEY, await leaseOf(store), { remainingMs: 1, error: 'busy' });
    const lease = await leaseSoon(store);
    await publish(store, lease);
    const { failures } = await granted(acquire(other, { minTtlMs: LONG_MS }));
    assert.equal(failures, 0);
  });

  test('ends the cool-down when the token is committed after all', async ({ store, other }) => {
    const lease = await leaseOf(store);
    await store.fail(KEY, lease, { remainingMs: LONG_MS, error: 'timeout' });
    assert.deepEqual(await publish(store, lease), { outcome: 'stored' });
    assert.equal((await other.peek(KEY)).cooldown, undefined);
  });

  test('counts once if it is repeated', async ({ store, other }) => {
    const lease = await leaseOf(store);
    assert.equal(await store.fail(KEY, lease, { remainingMs: SHORT_MS, error: 'first' }), true);
    assert.equal(await other.fail(KEY, lease, { remainingMs: LONG_MS, error: 'second' }), false);
    const { failures } = await leaseAnswerSoon(store);
    assert.equal(failures, 1);
  });

  test('ends neither the mark of a rejected token nor the pace of rejections', async ({ store, other }) => {
    const lease = await published(store);
    await reject(store, lease);
    await store.fail(KEY, await leaseOf(store), { remainingMs: 1, error: 'busy' });
    assert.equal((await other.peek(KEY)).isRejected, true);
    const next = await leaseSoon(other);
    await publish(other, next);
    assert.equal(await reject(other, next), 'held');
  });

  test('answers false if the lease was taken over, and changes nothing', async ({ store, other }) => {
    const dead = await leaseOf(store, { leaseMs: SHORT_MS });
    const live = await takenOver(other);
    assert.equal(await store.fail(KEY, dead, { remainingMs: LONG_MS, error: 'late' }), false);
    assert.equal(
      await store.fail(KEY, { ...live, nonce: dead.nonce }, { remainingMs: LONG_MS, error: 'foreign' }),
      false,
    );
    assert.equal(await store.fail(KEY, { ...live, fence: dead.fence }, { remainingMs: LONG_MS, error: 'old' }), false);
    assert.equal((await acquire(store)).outcome, 'wait');
    assert.equal((await store.peek(KEY)).cooldown, undefined);
    assert.deepEqual(await publish(other, live), { outcome: 'stored' });
  });

  test('refuses a cool-down that is not positive', async ({ store }) => {
    const lease = await leaseOf(store);
    for (const remainingMs of [0, -1, 0.5, Number.NaN]) {
      await assert.rejects(store.fail(KEY, lease, { remainingMs, error: 'busy' }), RangeError);
    }
    assert.equal(await store.renew(KEY, lease), true);
  });
}

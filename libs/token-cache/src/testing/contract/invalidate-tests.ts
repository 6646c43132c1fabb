import assert from 'node:assert/strict';

import {
  KEY,
  LONG_MS,
  SHORT_MS,
  type Test,
  acquire,
  expired,
  granted,
  leaseOf,
  publish,
  published,
  reject,
} from './fleet.js';

export function invalidateTests(test: Test): void {
  test('marks the token of that generation for every process, and leaves it where it is', async ({ store, other }) => {
    const { fence } = await published(store);
    assert.equal(await reject(other, { fence }), 'replaced');
    const { token, isRejected } = await store.peek(KEY);
    assert.deepEqual({ fence: token?.fence, isRejected }, { fence, isRejected: true });
    assert.equal((await acquire(store)).outcome, 'lease');
  });

  test('answers "stale" to the rejection of another generation, and leaves the token alone', async ({
    store,
    other,
  }) => {
    const old = await published(store);
    const { fence } = await published(store, { minTtlMs: LONG_MS });
    assert.equal(await reject(other, old), 'stale');
    assert.equal(await reject(other, { fence: fence + 1 }), 'stale');
    const { token, isRejected } = await store.peek(KEY);
    assert.deepEqual({ fence: token?.fence, isRejected }, { fence, isRejected: false });
  });

  test('answers "replaced" to one of many that reject the same token, and "stale" to the others', async ({
    store,
    other,
  }) => {
    const lease = await published(store);
    const verdicts = await Promise.all(Array.from({ length: 20 }, (_, i) => reject(i % 2 ? store : other, lease)));
    assert.equal(verdicts.filter((verdict) => verdict === 'replaced').length, 1);
    assert.equal(verdicts.filter((verdict) => verdict === 'stale').length, 19);
  });

  test('answers "stale" where there is no token, and changes nothing', async ({ store }) => {
    assert.equal(await reject(store, { fence: 1 }), 'stale');
    assert.equal((await granted(acquire(store))).reason, 'miss');
  });

  test('answers "stale" to the rejection of a token that has ended', async ({ store }) => {
    const lease = await published(store, { ttlMs: SHORT_MS });
    await expired(store);
    assert.equal(await reject(store, lease), 'stale');
    assert.equal((await granted(acquire(store))).reason, 'miss');
  });

  test('answers "stale" when it is sent again, and marks the token once', async ({ store, other }) => {
    const lease = await published(store);
    assert.equal(await reject(store, lease), 'replaced');
    assert.equal(await reject(other, lease), 'stale');
    assert.equal((await store.peek(KEY)).isRejected, true);
  });

  test('answers "stale" while the replacement of the token is under way', async ({ store, other }) => {
    const lease = await published(store);
    await reject(store, lease);
    await leaseOf(store);
    assert.equal(await reject(other, lease), 'stale');
    assert.equal(await reject(other, lease, { isContested: true }), 'stale');
  });

  test('lets a refresh in flight commit, which ends the mark', async ({ store, other }) => {
    const lease = await published(store);
    const refresh = await leaseOf(store, { minTtlMs: LONG_MS });
    await reject(other, lease);
    assert.equal((await acquire(other)).outcome, 'wait');
    assert.deepEqual(await publish(store, refresh), { outcome: 'stored' });
    assert.equal((await acquire(other)).outcome, 'hit');
  });

  test('refuses a pace that is not a positive number of ms, and leaves the token alone', async ({ store }) => {
    const lease = await published(store);
    for (const wrong of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await assert.rejects(reject(store, lease, { paceMs: wrong }), RangeError, `paceMs ${wrong}`);
      await assert.rejects(reject(store, lease, { maxPaceMs: wrong }), RangeError, `maxPaceMs ${wrong}`);
    }
    assert.equal((await store.peek(KEY)).isRejected, false);
  });
}

import assert from 'node:assert/strict';

import { eventually } from './eventually.js';
import {
  KEY,
  LONG_MS,
  SHORT_MS,
  type Test,
  acquire,
  granted,
  passed,
  publish,
  published,
  reject,
  rejectedSoon,
  timer,
} from './fleet.js';

export function paceTests(test: Test): void {
  test('holds the rejection of a replacement until the pace has passed, and writes nothing', async ({
    store,
    other,
  }) => {
    await reject(store, await published(store));
    const next = await published(other);
    assert.equal(await reject(other, next), 'held');
    assert.equal(await reject(store, next), 'held');
    assert.equal((await store.peek(KEY)).isRejected, false);
    assert.equal((await acquire(other)).outcome, 'hit');
  });

  test('holds by the pace of the last grant, not by that of the rejection', async ({ store, other }) => {
    await reject(store, await published(store), { paceMs: LONG_MS });
    assert.equal(await reject(other, await published(store), { paceMs: 1, maxPaceMs: 1 }), 'held');
  });

  test('grants a rejection again once the pace has passed', async ({ store, other }) => {
    await reject(store, await published(store), { paceMs: SHORT_MS });
    await rejectedSoon(other, await published(other));
    assert.equal((await store.peek(KEY)).isRejected, true);
  });

  test('keeps one pace for each key', async ({ store }) => {
    await reject(store, await published(store));
    const { lease } = await granted(acquire(store, { key: 'another key' }));
    await store.commit('another key', lease, 'payload', LONG_MS);
    const rejection = { generation: lease.fence, paceMs: LONG_MS, maxPaceMs: LONG_MS, isContested: false };
    assert.equal(await store.invalidate('another key', rejection), 'replaced');
  });

  test('doubles the pace when one grant follows closely upon another', async ({ store, other }) => {
    const paceMs = 100;
    // The clock of the store judges what is close. On a busy machine the second grant may be late: then it is tried again.
    const isPastSinglePace = await eventually('a grant follows closely upon another', async () => {
      await store.purge(KEY);
      const isLate = await timer(store, 2 * paceMs);
      await reject(store, await published(store), { paceMs });
      const next = await published(store);
      const since = await eventually('the second rejection is granted', async () => {
        const isPast = await timer(store, 1.5 * paceMs);
        return (await reject(other, next, { paceMs })) === 'replaced' ? isPast : undefined;
      });
      return (await isLate()) ? undefined : since;
    });
    await rejectedSoon(other, await published(store));
    assert.ok(await isPastSinglePace(), 'the third grant comes no sooner than twice the pace after the second');
  });

  test('doubles the pace up to the longest one', async ({ store, other }) => {
    await reject(store, await published(store), { paceMs: LONG_MS });
    const contested = await published(store);
    await eventually('the contested rejection is granted', async () =>
      (await reject(store, contested, { maxPaceMs: SHORT_MS, isContested: true })) === 'contested' ? true : undefined,
    );
    await rejectedSoon(other, contested);
  });

  test('starts anew with the pace of the rejection when the last grant is long past', async ({ store, other }) => {
    await reject(store, await published(store), { paceMs: SHORT_MS });
    await passed(store, 3 * SHORT_MS);
    assert.equal(await reject(store, await published(store), { paceMs: LONG_MS }), 'replaced');
    await passed(store, 3 * SHORT_MS);
    assert.equal(await reject(other, await published(store)), 'held');
  });

  test('grants an early refresh of a contested token, and marks nothing', async ({ store, other }) => {
    const { fence } = await published(store);
    assert.equal(await reject(other, { fence }, { isContested: true }), 'contested');
    assert.equal((await store.peek(KEY)).isRejected, false);
    assert.equal((await acquire(store)).outcome, 'hit');
    const { lease, reason } = await granted(acquire(other, { refusedGeneration: fence }));
    assert.equal(reason, 'refresh');
    assert.deepEqual(await publish(other, lease), { outcome: 'stored' });
  });

  test('grants a contested rejection once in the longest pace', async ({ store, other }) => {
    const policy = { paceMs: 1, isContested: true };
    const first = await published(store);
    assert.equal(await reject(store, first, policy), 'contested');
    await passed(store, SHORT_MS);
    assert.equal(await reject(other, first, policy), 'stale', 'its refresh is granted already');
    assert.equal(await reject(other, await published(store, { minTtlMs: LONG_MS }), policy), 'held');
  });

  test('grants one refresh to many that contest the same token', async ({ store, other }) => {
    const lease = await published(store);
    const verdicts = await Promise.all(
      Array.from({ length: 20 }, (_, i) => reject(i % 2 ? store : other, lease, { isContested: true })),
    );
    assert.equal(verdicts.filter((verdict) => verdict === 'contested').length, 1);
    assert.equal(verdicts.filter((verdict) => verdict === 'stale').length, 19);
  });

  test('counts the grants of contested and of other rejections together', async ({ store, other }) => {
    const contested = await published(store);
    await reject(store, contested, { isContested: true });
    assert.equal(await reject(other, contested), 'stale', 'its refresh is granted already');
    const next = await published(store, { minTtlMs: LONG_MS });
    assert.equal(await reject(other, next), 'held');
    assert.equal(await reject(other, next, { isContested: true }), 'held');
  });

  test('marks a contested token when it is rejected after the pace has passed', async ({ store, other }) => {
    const lease = await published(store);
    await reject(store, lease, { paceMs: SHORT_MS, isContested: true });
    await rejectedSoon(other, lease);
    assert.equal((await acquire(store)).outcome, 'lease');
  });
}

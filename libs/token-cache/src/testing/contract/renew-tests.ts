import assert from 'node:assert/strict';

import { KEY, LONG_MS, SHORT_MS, type Test, acquire, leaseOf, takenOver, publish, passed } from './fleet.js';

export function renewTests(test: Test): void {
  test('keeps other processes waiting beyond the end of the granted lease', async ({ store, other }) => {
    const lease = await leaseOf(store, { leaseMs: SHORT_MS });
    assert.equal(await store.renew(KEY, { ...lease, leaseMs: LONG_MS }), true);
    await passed(store, SHORT_MS);
    const answer = await acquire(other);
    assert.equal(answer.outcome, 'wait');
    assert.ok(answer.leaseEndsInMs > SHORT_MS);
  });

  test('revives a lapsed lease that was not taken over', async ({ store, other }) => {
    const lease = await leaseOf(store, { leaseMs: SHORT_MS });
    await passed(other, SHORT_MS);
    assert.equal(await store.renew(KEY, { ...lease, leaseMs: LONG_MS }), true);
    assert.equal((await acquire(other)).outcome, 'wait');
  });

  test('returns false for a lease that was taken over, and keeps the new one', async ({ store, other }) => {
    const dead = await leaseOf(store, { leaseMs: SHORT_MS });
    const live = await takenOver(other);
    assert.equal(await store.renew(KEY, dead), false);
    assert.equal(await store.renew(KEY, { ...live, nonce: dead.nonce }), false);
    assert.equal(await store.renew(KEY, { ...live, fence: dead.fence }), false);
    assert.equal(await other.renew(KEY, live), true);
  });

  test('returns false after commit, fail and purge, and for a key without a lease', async ({ store }) => {
    const lease = await leaseOf(store);
    assert.equal(await store.renew('another key', lease), false);
    await publish(store, lease);
    assert.equal(await store.renew(KEY, lease), false);

    const refresh = await leaseOf(store, { minTtlMs: LONG_MS });
    await store.fail(KEY, refresh);
    assert.equal(await store.renew(KEY, refresh), false);

    const voided = await leaseOf(store, { minTtlMs: LONG_MS });
    await store.purge(KEY);
    assert.equal(await store.renew(KEY, voided), false);
    assert.equal((await acquire(store)).outcome, 'lease');
  });
}

import assert from 'node:assert/strict';

import {
  KEY,
  LONG_MS,
  SHORT_MS,
  type Test,
  acquire,
  assertEmpty,
  assertSuperseded,
  assertVoided,
  expired,
  leaseOf,
  passed,
  publish,
  published,
  reject,
  takenOver,
} from './fleet.js';

export function commitTests(test: Test): void {
  test('stores the token and releases the lease', async ({ store, other }) => {
    const lease = await leaseOf(store);
    assert.deepEqual(await publish(store, lease), { outcome: 'stored' });
    assert.equal((await store.peek(KEY)).token?.fence, lease.fence);
    assert.equal((await acquire(other, { minTtlMs: LONG_MS })).outcome, 'lease');
  });

  test('stores a refreshed token in place of one that is still valid', async ({ store, other }) => {
    await published(store, { payload: 'old' });
    const refresh = await leaseOf(other, { minTtlMs: LONG_MS });
    assert.deepEqual(await publish(other, refresh, { payload: 'new' }), { outcome: 'stored' });
    assert.equal((await store.peek(KEY)).token?.payload, 'new');
  });

  test('stores the token of a lease that lapsed but was not taken over', async ({ store, other }) => {
    const lease = await leaseOf(store, { leaseMs: SHORT_MS });
    await passed(other, SHORT_MS);
    assert.deepEqual(await publish(store, lease), { outcome: 'stored' });
    assert.equal((await acquire(other)).outcome, 'hit');
  });

  test('stores the token of a lease that was released, as long as no other was granted', async ({ store, other }) => {
    const lease = await leaseOf(store);
    await store.fail(KEY, lease);
    assert.deepEqual(await publish(store, lease), { outcome: 'stored' });
    assert.equal((await acquire(other)).outcome, 'hit');
  });

  test('shortens the life of a token by the time that its commit was in flight', async ({ store }) => {
    const tookMs = 1_000;
    const lease = { ...(await leaseOf(store)), sinceGrantMs: -tookMs };
    await publish(store, lease, { ttlMs: LONG_MS });
    const { ttlMs = 0 } = (await store.peek(KEY)).token ?? {};
    assert.ok(ttlMs > 0 && ttlMs <= LONG_MS - tookMs, `${ttlMs} ms`);
  });

  test('does not lengthen the life of a token if the client measured more time since the grant than the store', async ({
    store,
  }) => {
    await publish(store, { ...(await leaseOf(store)), sinceGrantMs: LONG_MS }, { ttlMs: LONG_MS });
    const { ttlMs = 0 } = (await store.peek(KEY)).token ?? {};
    assert.ok(ttlMs > 0 && ttlMs <= LONG_MS, `${ttlMs} ms`);
  });

  test('gives no process a token that expired before its commit arrived', async ({ store, other }) => {
    await published(store);
    const lease = { ...(await leaseOf(other, { minTtlMs: LONG_MS })), sinceGrantMs: -LONG_MS };
    assert.deepEqual(await publish(other, lease, { ttlMs: 1_000 }), { outcome: 'stored' });
    assert.equal((await acquire(store)).outcome, 'lease');
  });

  test('refuses a late commit after a newer lease was granted', async ({ store, other }) => {
    const dead = await leaseOf(store, { leaseMs: SHORT_MS });
    const live = await takenOver(other);
    assertSuperseded(await publish(store, dead));
    await assertEmpty(store);
    assert.equal(await other.renew(KEY, live), true);
  });

  test('answers a late commit with the token of a newer lease, and keeps that token', async ({ store, other }) => {
    const dead = await leaseOf(store, { leaseMs: SHORT_MS });
    const live = await takenOver(other);
    await publish(other, live, { payload: 'newer' });
    const answer = await publish(store, dead, { payload: 'older' });
    assert.equal(answer.outcome, 'superseded');
    assert.equal(answer.token?.payload, 'newer');
    assert.equal(answer.token.fence, live.fence);
    assert.ok(answer.token.ttlMs > 0 && answer.token.ttlMs <= LONG_MS);
    assert.equal((await other.peek(KEY)).token?.payload, 'newer');
  });

  test('refuses a commit without any record left that is older than its lease', async ({ store }) => {
    const lease = await leaseOf(store);
    const ancient = { ...lease, fence: lease.fence - 2 * LONG_MS * 1000 };
    assertSuperseded(await store.commit('another key', ancient, 'payload', LONG_MS));
    await assertEmpty(store, 'another key');
  });

  test('stores a commit without any record left that is younger than its lease', async ({ store }) => {
    const lease = await leaseOf(store);
    assert.deepEqual(await store.commit('another key', lease, 'payload', LONG_MS), { outcome: 'stored' });
    assert.equal((await store.peek('another key')).token?.fence, lease.fence);
  });

  test('answers a repeated commit with duplicate, and neither extends nor replaces the token', async ({
    store,
    other,
  }) => {
    const lease = await leaseOf(store);
    await publish(store, lease, { payload: 'first', ttlMs: LONG_MS });
    assert.deepEqual(await publish(other, lease, { payload: 'second', ttlMs: 2 * LONG_MS }), { outcome: 'duplicate' });
    const { token } = await store.peek(KEY);
    assert.equal(token?.payload, 'first');
    assert.ok(token.ttlMs <= LONG_MS);
  });

  test('ends the mark of the token that it replaces', async ({ store, other }) => {
    await reject(store, await published(store));
    const next = await published(other);
    const { token, isRejected } = await store.peek(KEY);
    assert.deepEqual({ fence: token?.fence, isRejected }, { fence: next.fence, isRejected: false });
    assert.equal((await acquire(store)).outcome, 'hit');
  });

  test('keeps the mark of a rejected token when the commit of that token is retried', async ({ store, other }) => {
    const lease = await published(store);
    await reject(other, lease);
    assertVoided(await publish(store, lease));
    assert.equal((await store.peek(KEY)).isRejected, true);
    assert.equal((await acquire(store)).outcome, 'lease');
  });

  test('does not bring a purged token back when its commit is retried', async ({ store, other }) => {
    const lease = await published(store);
    await other.purge(KEY);
    assertVoided(await publish(store, lease));
    await assertEmpty(store);
  });

  test('does not restore an expired token when its commit is repeated', async ({ store }) => {
    const lease = await published(store, { ttlMs: SHORT_MS });
    await expired(store);
    assertSuperseded(await publish(store, lease));
    await assertEmpty(store);
  });

  test('does not release the lease of the next refresh when it is repeated', async ({ store, other }) => {
    const lease = await published(store);
    const refresh = await leaseOf(other, { minTtlMs: LONG_MS });
    assert.deepEqual(await publish(store, lease), { outcome: 'duplicate' });
    assert.equal(await other.renew(KEY, refresh), true);
  });

  test('refuses a ttlMs that is not positive, and keeps the lease', async ({ store }) => {
    const lease = await leaseOf(store);
    for (const ttlMs of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      await assert.rejects(publish(store, lease, { ttlMs }), RangeError);
    }
    await assertEmpty(store);
    assert.equal(await store.renew(KEY, lease), true);
  });

  test('keeps a token that lives longer than 2^31 ms', async ({ store }) => {
    const ttlMs = 40 * 24 * 60 * 60 * 1000;
    await published(store, { ttlMs });
    const { token } = await store.peek(KEY);
    assert.ok(token && token.ttlMs > 2 ** 31 && token.ttlMs <= ttlMs);
  });
}

import assert from 'node:assert/strict';

import {
  KEY,
  LONG_MS,
  type Test,
  acquire,
  assertEmpty,
  assertVoided,
  granted,
  leaseOf,
  newNonce,
  publish,
  published,
  reject,
} from './fleet.js';

export function purgeTests(test: Test): void {
  test('deletes the token', async ({ store, other }) => {
    await published(store);
    await other.purge(KEY);
    await assertEmpty(store);
    assert.equal((await acquire(store)).outcome, 'lease');
  });

  test('refuses the commit of a mint that was in flight', async ({ store, other }) => {
    const voided = await leaseOf(store);
    await other.purge(KEY);
    assertVoided(await publish(store, voided));
    await assertEmpty(store);
  });

  test('returns the fence up to which everything is void', async ({ store, other }) => {
    const voided = await leaseOf(store);
    const fence = await other.purge(KEY);
    assert.ok(voided.fence <= fence && fence < (await leaseOf(store)).fence);
  });

  test('ends the lease, and accepts the commit of the next one', async ({ store, other }) => {
    const voided = await leaseOf(store);
    await other.purge(KEY);
    const lease = await leaseOf(other);
    assert.ok(lease.fence > voided.fence);
    await store.fail(KEY, voided, { remainingMs: LONG_MS, error: 'late' });
    assert.deepEqual(await publish(other, lease), { outcome: 'stored' });
  });

  test('grants the nonce of a void lease a new one', async ({ store, other }) => {
    const nonce = newNonce();
    const { lease: voided } = await granted(acquire(store, { nonce }));
    await other.purge(KEY);
    const { lease } = await granted(acquire(store, { nonce }));
    assert.ok(lease.fence > voided.fence);
  });

  test('clears the cool-down and the count of failures', async ({ store, other }) => {
    await store.fail(KEY, await leaseOf(store), { remainingMs: LONG_MS, error: 'busy' });
    await other.purge(KEY);
    assert.equal((await store.peek(KEY)).cooldown, undefined);
    assert.equal((await granted(acquire(store))).failures, 0);
  });

  test('forgets the pace of rejections', async ({ store, other }) => {
    await reject(store, await published(store));
    await other.purge(KEY);
    assert.equal(await reject(store, await published(store)), 'replaced');
  });

  test('deletes a marked token, and its mark', async ({ store, other }) => {
    await reject(store, await published(store));
    await other.purge(KEY);
    await assertEmpty(store);
    const { rejected, reason } = await granted(acquire(store));
    assert.deepEqual({ rejected, reason }, { rejected: undefined, reason: 'invalidated' });
  });

  test('refuses a commit of an earlier lease even if the store knew nothing of the key', async ({ store, other }) => {
    const lease = await leaseOf(store);
    await other.purge('another key');
    assertVoided(await store.commit('another key', lease, 'payload', LONG_MS));
  });

  test('is carried out within its time', async ({ store, other }) => {
    await published(store);
    const fence = await other.purge(KEY, LONG_MS);
    await assertEmpty(store);
    assert.ok(fence < (await leaseOf(store)).fence);
  });

  test('is refused with a time that is not positive, and deletes nothing', async ({ store }) => {
    await published(store);
    for (const withinMs of [0, -1, 0.5, Number.NaN]) await assert.rejects(store.purge(KEY, withinMs), RangeError);
    assert.equal((await acquire(store)).outcome, 'hit');
  });

  test('leaves other keys unchanged', async ({ store, other }) => {
    await published(store);
    await other.purge('another key');
    assert.equal((await acquire(store)).outcome, 'hit');
  });
}

import assert from 'node:assert/strict';

import { KEY, LONG_MS, type Test, newNonce, acquire, granted, leaseOf, publish, published } from './fleet.js';

export function purgeTests(test: Test): void {
  test('deletes whatever token is there', async ({ store, other }) => {
    await published(store);
    await other.purge(KEY);
    assert.deepEqual(await store.peek(KEY), {});
    assert.equal((await acquire(store)).outcome, 'lease');
  });

  test('voids a mint in flight', async ({ store, other }) => {
    const voided = await leaseOf(store);
    await other.purge(KEY);
    assert.deepEqual(await publish(store, voided), { outcome: 'superseded' });
    assert.deepEqual(await store.peek(KEY), {});
  });

  test('answers the fence up to which everything is void', async ({ store, other }) => {
    const voided = await leaseOf(store);
    const fence = await other.purge(KEY);
    assert.ok(voided.fence <= fence && fence < (await leaseOf(store)).fence);
  });

  test('frees the lease, and its next holder may commit', async ({ store, other }) => {
    const voided = await leaseOf(store);
    await other.purge(KEY);
    const lease = await leaseOf(other);
    assert.ok(lease.fence > voided.fence);
    await store.fail(KEY, voided, { remainingMs: LONG_MS, error: 'late' });
    assert.deepEqual(await publish(other, lease), { outcome: 'stored' });
  });

  test('takes no lease back to the one who held it', async ({ store, other }) => {
    const nonce = newNonce();
    const { lease: voided } = await granted(acquire(store, { nonce }));
    await other.purge(KEY);
    const { lease } = await granted(acquire(store, { nonce }));
    assert.ok(lease.fence > voided.fence);
  });

  test('forgets cool-down and failures', async ({ store, other }) => {
    await store.fail(KEY, await leaseOf(store), { remainingMs: LONG_MS, error: 'busy' });
    await other.purge(KEY);
    assert.equal((await store.peek(KEY)).cooldown, undefined);
    assert.equal((await granted(acquire(store))).failures, 0);
  });

  test('refuses a commit that was sent before it, even where nothing was known', async ({ store, other }) => {
    const lease = await leaseOf(store);
    await other.purge('another key');
    assert.deepEqual(await store.commit('another key', lease, 'payload', LONG_MS), { outcome: 'superseded' });
  });

  test('touches no other key', async ({ store, other }) => {
    await published(store);
    await other.purge('another key');
    assert.equal((await acquire(store)).outcome, 'hit');
  });
}

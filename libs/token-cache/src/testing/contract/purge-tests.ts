import assert from 'node:assert/strict';

import { KEY, LONG_MS, type Test, newNonce, acquire, granted, leaseOf, publish, published } from './fleet.js';

export function purgeTests(test: Test): void {
  test('deletes the token', async ({ store, other }) => {
    await published(store);
    await other.purge(KEY);
    assert.deepEqual(await store.peek(KEY), {});
    assert.equal((await acquire(store)).outcome, 'lease');
  });

  test('refuses the commit of a mint that was in flight', async ({ store, other }) => {
    const voided = await leaseOf(store);
    await other.purge(KEY);
    assert.deepEqual(await publish(store, voided), { outcome: 'superseded' });
    assert.deepEqual(await store.peek(KEY), {});
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

  test('does not give the lease back to a repeated nonce', async ({ store, other }) => {
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

  test('refuses a commit of an earlier lease even if the store knew nothing of the key', async ({ store, other }) => {
    const lease = await leaseOf(store);
    await other.purge('another key');
    assert.deepEqual(await store.commit('another key', lease, 'payload', LONG_MS), { outcome: 'superseded' });
  });

  test('leaves other keys unchanged', async ({ store, other }) => {
    await published(store);
    await other.purge('another key');
    assert.equal((await acquire(store)).outcome, 'hit');
  });
}

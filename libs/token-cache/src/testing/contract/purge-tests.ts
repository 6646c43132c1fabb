import assert from 'node:assert/strict';

import { keyIdIn } from '../../core/contract/key-group.js';
import {
  GROUP,
  KEY,
  LONG_MS,
  type Purge,
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

/** What every purge does to the key, whether it is of that key or of its group. */
export function purgeTests(test: Test, purge: Purge): void {
  test('deletes the token', async ({ store, other }) => {
    await published(store);
    await purge(other);
    await assertEmpty(store);
    assert.equal((await acquire(store)).outcome, 'lease');
  });

  test('refuses the commit of a mint that was in flight', async ({ store, other }) => {
    const voided = await leaseOf(store);
    await purge(other);
    assertVoided(await publish(store, voided));
    await assertEmpty(store);
  });

  test('returns the fence up to which everything is void', async ({ store, other }) => {
    const voided = await leaseOf(store);
    const fence = await purge(other);
    assert.ok(voided.fence <= fence && fence < (await leaseOf(store)).fence);
  });

  test('ends the lease, and accepts the commit of the next one', async ({ store, other }) => {
    const voided = await leaseOf(store);
    await purge(other);
    const lease = await leaseOf(other);
    assert.ok(lease.fence > voided.fence);
    await store.fail(KEY, voided, { remainingMs: LONG_MS, error: 'late' });
    assert.deepEqual(await publish(other, lease), { outcome: 'stored' });
  });

  test('grants the nonce of a void lease a new one', async ({ store, other }) => {
    const nonce = newNonce();
    const { lease: voided } = await granted(acquire(store, { nonce }));
    await purge(other);
    const { lease } = await granted(acquire(store, { nonce }));
    assert.ok(lease.fence > voided.fence);
  });

  test('clears the cool-down and the count of failures', async ({ store, other }) => {
    await store.fail(KEY, await leaseOf(store), { remainingMs: LONG_MS, error: 'busy' });
    await purge(other);
    assert.equal((await store.peek(KEY)).cooldown, undefined);
    assert.equal((await granted(acquire(store))).failures, 0);
  });

  test('forgets the pace of rejections', async ({ store, other }) => {
    await reject(store, await published(store));
    await purge(other);
    assert.equal(await reject(store, await published(store)), 'replaced');
  });

  test('deletes a marked token, and its mark', async ({ store, other }) => {
    await reject(store, await published(store));
    await purge(other);
    await assertEmpty(store);
    const { rejected, reason } = await granted(acquire(store));
    assert.deepEqual({ rejected, reason }, { rejected: undefined, reason: 'invalidated' });
  });

  test('is carried out within its time', async ({ store, other }) => {
    await published(store);
    const fence = await purge(other, LONG_MS);
    await assertEmpty(store);
    assert.ok(fence < (await leaseOf(store)).fence);
  });

  test('is refused with a time that is not positive, and deletes nothing', async ({ store }) => {
    await published(store);
    for (const withinMs of [0, -1, 0.5, Number.NaN]) await assert.rejects(purge(store, withinMs), RangeError);
    assert.equal((await acquire(store)).outcome, 'hit');
  });
}

/** What a purge of one key does besides. */
export function keyPurgeTests(test: Test): void {
  test('refuses a commit of an earlier lease even if the store knew nothing of the key', async ({ store, other }) => {
    const lease = await leaseOf(store);
    await other.purge('another key');
    assertVoided(await store.commit('another key', lease, 'payload', LONG_MS));
  });

  test('leaves other keys unchanged', async ({ store, other }) => {
    await published(store);
    await other.purge('another key');
    await other.purge(keyIdIn(GROUP, 'another key of the group'));
    assert.equal((await acquire(store)).outcome, 'hit');
  });
}

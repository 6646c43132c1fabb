import assert from 'node:assert/strict';

import { KEY, LONG_MS, type Test, acquire, granted, leaseOf, publish, published } from './fleet.js';

export function invalidateTests(test: Test): void {
  test('deletes the token of that generation for every process', async ({ store, other }) => {
    const { fence } = await published(store);
    assert.equal(await other.invalidate(KEY, fence), true);
    assert.deepEqual(await store.peek(KEY), {});
    assert.equal((await acquire(store)).outcome, 'lease');
  });

  test('leaves a token of another generation alone', async ({ store, other }) => {
    const { fence: old } = await published(store);
    const { fence } = await published(store, { minTtlMs: LONG_MS });
    assert.equal(await other.invalidate(KEY, old), false);
    assert.equal(await other.invalidate(KEY, fence + 1), false);
    assert.equal((await store.peek(KEY)).token?.fence, fence);
  });

  test('says yes to one of many who reject the same token', async ({ store, other }) => {
    const { fence } = await published(store);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 ? store : other).invalidate(KEY, fence)),
    );
    assert.equal(answers.filter(Boolean).length, 1);
  });

  test('says no where there is nothing', async ({ store }) => {
    assert.equal(await store.invalidate(KEY, 1), false);
    assert.equal((await granted(acquire(store))).reason, 'miss');
  });

  test('lets a refresh in flight commit', async ({ store, other }) => {
    const { fence } = await published(store);
    const refresh = await leaseOf(store, { minTtlMs: LONG_MS });
    await other.invalidate(KEY, fence);
    assert.equal((await acquire(other)).outcome, 'wait');
    assert.deepEqual(await publish(store, refresh), { outcome: 'stored' });
  });
}

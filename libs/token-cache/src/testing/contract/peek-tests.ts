import assert from 'node:assert/strict';

import {
  KEY,
  LONG_MS,
  SHORT_MS,
  type Test,
  acquire,
  assertEmpty,
  expired,
  leaseOf,
  published,
  reject,
} from './fleet.js';

export function peekTests(test: Test): void {
  test('gives nothing for an unknown key, and grants no lease', async ({ store, other }) => {
    await assertEmpty(store);
    assert.equal((await acquire(other)).outcome, 'lease');
  });

  test('gives the token and the cool-down', async ({ store, other }) => {
    const { fence } = await published(store);
    await store.fail(KEY, await leaseOf(store, { minTtlMs: LONG_MS }), { remainingMs: LONG_MS, error: 'busy' });
    const { token, cooldown } = await other.peek(KEY);
    assert.equal(token?.fence, fence);
    assert.ok(token.ttlMs > 0 && token.ttlMs <= LONG_MS);
    assert.equal(cooldown?.error, 'busy');
    assert.ok(cooldown.remainingMs > 0 && cooldown.remainingMs <= LONG_MS);
  });

  test('says whether the token is marked as rejected', async ({ store, other }) => {
    const lease = await published(store);
    assert.equal((await other.peek(KEY)).isRejected, false);
    await reject(store, lease);
    assert.equal((await other.peek(KEY)).isRejected, true);
  });

  test('knows no mark of a token that has ended', async ({ store, other }) => {
    await reject(store, await published(store, { ttlMs: SHORT_MS }));
    await expired(other);
    await assertEmpty(other);
  });
}

import assert from 'node:assert/strict';

import {
  KEY,
  LONG_MS,
  SHORT_MS,
  type Test,
  acquire,
  assertEmpty,
  assertVoided,
  expired,
  granted,
  leaseOf,
  offered,
  publish,
  published,
  reject,
  takenOver,
  turnedAway,
} from './fleet.js';

export function offerTests(test: Test): void {
  test('stores a token that the store never had, under its generation', async ({ store, other }) => {
    assert.deepEqual(await offered(store, 7, { payload: 'mine' }), { outcome: 'stored' });
    const { token } = await other.peek(KEY);
    assert.deepEqual([token?.fence, token?.payload], [7, 'mine']);
    assert.equal((await acquire(other)).outcome, 'hit');
  });

  test('stores a token that the store has lost, once more under its generation', async ({ store, other }) => {
    const { fence } = await published(store, { ttlMs: SHORT_MS });
    await expired(other);
    assert.deepEqual(await offered(store, fence), { outcome: 'stored' });
    assert.equal((await other.peek(KEY)).token?.fence, fence);
  });

  test('grants the next lease above the generation that was offered', async ({ store, other }) => {
    const { fence } = await leaseOf(store, { key: 'another key' });
    const generation = fence + LONG_MS * 1_000;
    await offered(store, generation);
    assert.equal((await leaseOf(other, { minTtlMs: LONG_MS })).fence, generation + 1);
  });

  test('is answered with the token that is there, unless that is marked', async ({ store, other }) => {
    const { fence } = await published(other, { payload: 'shared' });
    for (const generation of [fence - 1, fence, fence + 1]) {
      const answer = await offered(store, generation, { payload: 'mine' });
      assert.equal(answer.outcome, 'superseded');
      assert.deepEqual([answer.token?.fence, answer.token?.payload], [fence, 'shared']);
      assert.ok(answer.token && answer.token.ttlMs > 0 && answer.token.ttlMs <= LONG_MS);
    }
    assert.equal((await other.peek(KEY)).token?.payload, 'shared');
  });

  test('replaces a marked token by a newer one, which is not marked', async ({ store, other }) => {
    const lease = await published(other);
    await reject(other, lease);
    assert.deepEqual(await offered(store, lease.fence + 1, { payload: 'newer' }), { outcome: 'stored' });
    const { token, isRejected } = await other.peek(KEY);
    assert.deepEqual([token?.payload, isRejected], ['newer', false]);
  });

  test('leaves the newer token unmarked when its rejection is contested', async ({ store, other }) => {
    const lease = await published(other);
    await reject(other, lease, { paceMs: 1, maxPaceMs: 1 });
    await offered(store, lease.fence + 1);
    await reject(other, { fence: lease.fence + 1 }, { isContested: true, paceMs: 1, maxPaceMs: 1 });
    assert.equal((await store.peek(KEY)).isRejected, false);
  });

  test('does not restore a token that is older than the last one', async ({ store, other }) => {
    const { fence } = await published(other, { ttlMs: SHORT_MS });
    await expired(other);
    assert.deepEqual(await superseded(offered(store, fence - 1)), undefined);
    await assertEmpty(other);
  });

  test('does not publish under the fence of a lease, which its commit does', async ({ store, other }) => {
    const lease = await leaseOf(other);
    assert.deepEqual(await superseded(offered(store, lease.fence)), undefined);
    await other.fail(KEY, lease);
    assert.deepEqual(await superseded(offered(store, lease.fence)), undefined);
    assert.deepEqual(await publish(other, lease), { outcome: 'stored' });
  });

  test('leaves the lease of another process to renew and to commit over it', async ({ store, other }) => {
    const lease = await leaseOf(other);
    assert.deepEqual(await offered(store, lease.fence - 1, { payload: 'offered' }), { outcome: 'stored' });
    assert.equal((await acquire(store)).outcome, 'hit');
    assert.equal((await acquire(store, { minTtlMs: LONG_MS })).outcome, 'hit');
    assert.equal(await other.renew(KEY, lease), true);
    assert.deepEqual(await publish(other, lease, { payload: 'minted' }), { outcome: 'stored' });
    assert.equal((await store.peek(KEY)).token?.payload, 'minted');
  });

  test('stores the token of a lease that was taken over, until the new holder commits', async ({ store, other }) => {
    const dead = await leaseOf(store, { leaseMs: SHORT_MS });
    const live = await takenOver(other);
    assert.deepEqual(await offered(store, dead.fence), { outcome: 'stored' });
    assert.deepEqual(await publish(store, dead), { outcome: 'duplicate' });
    assert.deepEqual(await publish(other, live), { outcome: 'stored' });
  });

  test('ends a lease whose fence lies below it, and that could not commit any more', async ({ store, other }) => {
    const nonce = 'the holder';
    const { lease } = await granted(acquire(other, { nonce }));
    await offered(store, lease.fence + 1);
    assert.equal(await other.renew(KEY, lease), false);
    assert.ok((await leaseOf(other, { nonce, minTtlMs: LONG_MS })).fence > lease.fence + 1);
  });

  test('leaves the cool-down and the count of failures as they are', async ({ store, other }) => {
    const lease = await leaseOf(other);
    await other.fail(KEY, lease, { remainingMs: LONG_MS, error: 'busy' });
    assert.deepEqual(await offered(store, lease.fence - 1), { outcome: 'stored' });
    assert.equal((await store.peek(KEY)).cooldown?.error, 'busy');
    assert.equal((await acquire(store, { minTtlMs: LONG_MS })).outcome, 'hit');
  });

  test('leaves the pace of rejections as it is', async ({ store, other }) => {
    const lease = await published(other);
    await reject(other, lease);
    await offered(store, lease.fence + 1);
    assert.equal(await reject(store, { fence: lease.fence + 1 }), 'held');
  });

  test('is answered with stored when it is repeated, and does not lengthen the life', async ({ store, other }) => {
    await offered(store, 7, { ttlMs: LONG_MS });
    assert.deepEqual(await offered(other, 7, { ttlMs: 2 * LONG_MS }), { outcome: 'stored' });
    const { ttlMs = 0 } = (await store.peek(KEY)).token ?? {};
    assert.ok(ttlMs > 0 && ttlMs <= LONG_MS, `${ttlMs} ms`);
  });

  test('does not bring back a token that was purged', async ({ store, other }) => {
    const { fence } = await published(store);
    await other.purge(KEY);
    assertVoided(await offered(store, fence));
    await assertEmpty(store);
  });

  test('does not bring back a purged token after another was stored and has ended', async ({ store, other }) => {
    const { fence } = await published(store);
    const purged = await other.purge(KEY);
    await published(other, { ttlMs: SHORT_MS });
    await expired(other);
    for (const generation of [fence, purged]) assertVoided(await offered(store, generation));
    await assertEmpty(store);
  });

  test('stores a token that was minted after the last purge', async ({ store, other }) => {
    const purged = await other.purge(KEY);
    assert.deepEqual(await offered(store, purged + 1), { outcome: 'stored' });
    assert.equal((await other.peek(KEY)).token?.fence, purged + 1);
  });

  test('does not bring back a token that is marked, nor an older one', async ({ store, other }) => {
    const { fence } = await published(store);
    await reject(other, { fence });
    for (const generation of [fence, fence - 1]) assertVoided(await offered(store, generation));
    assert.equal((await other.peek(KEY)).isRejected, true);
  });

  test('loses what it took to arrive from the life of its token', async ({ store, other }) => {
    const tookMs = 1_000;
    await leaseOf(other);
    const { answeredAtUs } = await turnedAway(acquire(store));
    await offered(store, 7, { ttlMs: LONG_MS, since: { answeredAtUs, sinceMs: -tookMs } });
    const { ttlMs = 0 } = (await other.peek(KEY)).token ?? {};
    assert.ok(ttlMs > 0 && ttlMs <= LONG_MS - tookMs, `${ttlMs} ms`);
  });

  test('does not lengthen the life if the client measured more time than the store', async ({ store, other }) => {
    await leaseOf(other);
    const { answeredAtUs } = await turnedAway(acquire(store));
    await offered(store, 7, { ttlMs: LONG_MS, since: { answeredAtUs, sinceMs: LONG_MS } });
    const { ttlMs = 0 } = (await other.peek(KEY)).token ?? {};
    assert.ok(ttlMs > 0 && ttlMs <= LONG_MS, `${ttlMs} ms`);
  });

  test('stores no token that ended before it arrived', async ({ store, other }) => {
    await leaseOf(other);
    const { answeredAtUs } = await turnedAway(acquire(store));
    const since = { answeredAtUs, sinceMs: -LONG_MS };
    assert.deepEqual(await superseded(offered(store, 7, { ttlMs: 1_000, since })), undefined);
    await assertEmpty(other);
  });

  test('is refused with a ttlMs that is not positive', async ({ store }) => {
    for (const ttlMs of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      await assert.rejects(offered(store, 7, { ttlMs }), RangeError);
    }
    await assertEmpty(store);
  });
}

/** The token that superseded the offer, if any. */
async function superseded(answer: ReturnType<typeof offered>): Promise<unknown> {
  const given = await answer;
  assert.equal(given.outcome, 'superseded');
  return given.token;
}

import assert from 'node:assert/strict';

import { eventually } from './eventually.js';
import {
  KEY,
  LONG_MS,
  SHORT_MS,
  type Test,
  newNonce,
  acquire,
  granted,
  leaseOf,
  takenOver,
  passed,
  expired,
  publish,
  published,
  reject,
  rejectedSoon,
} from './fleet.js';

export function acquireTests(test: Test): void {
  test('grants the lease to the first caller', async ({ store }) => {
    const { nonce, ...granted } = await leaseOf(store);
    assert.ok(Number.isSafeInteger(granted.fence) && granted.fence > 0);
    assert.equal(granted.leaseMs, LONG_MS);
    assert.equal(typeof nonce, 'string');
  });

  test('makes a second process wait, and gives the time until the lease ends', async ({ store, other }) => {
    await leaseOf(store);
    const answer = await acquire(other);
    assert.equal(answer.outcome, 'wait');
    assert.ok(answer.leaseEndsInMs > 0 && answer.leaseEndsInMs <= LONG_MS);
  });

  test('grants one lease to many concurrent callers', async ({ store, other }) => {
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => acquire(i % 2 ? store : other)));
    assert.equal(answers.filter(({ outcome }) => outcome === 'lease').length, 1);
    assert.equal(answers.filter(({ outcome }) => outcome === 'wait').length, 39);
  });

  test('gives a repeated nonce its own lease again', async ({ store, other }) => {
    const nonce = newNonce();
    const first = await granted(acquire(store, { nonce }));
    const again = await granted(acquire(other, { nonce }));
    assert.deepEqual(again.lease, first.lease);
    assert.equal((await acquire(other)).outcome, 'wait');
  });

  test('does not extend a lease by giving it to its nonce again, and tells what is left of it', async ({
    store,
    other,
  }) => {
    const nonce = newNonce();
    const first = await granted(acquire(store, { nonce }));
    assert.equal(first.leaseEndsInMs, LONG_MS);
    await passed(store, SHORT_MS);
    const again = await granted(acquire(other, { nonce }));
    assert.ok(again.leaseEndsInMs > 0 && again.leaseEndsInMs <= LONG_MS - SHORT_MS);
    const waits = await acquire(store);
    assert.equal(waits.outcome, 'wait');
    assert.ok(waits.leaseEndsInMs <= again.leaseEndsInMs);
  });

  test('gives a repeated nonce a new fence after its lease was taken over', async ({ store, other }) => {
    const nonce = newNonce();
    const first = await granted(acquire(store, { nonce, leaseMs: SHORT_MS }));
    const second = await takenOver(other);
    await store.fail(KEY, second);
    const third = await granted(acquire(store, { nonce }));
    assert.ok(third.lease.fence > second.fence && second.fence > first.lease.fence);
  });

  test('grants a lapsed lease again, with a higher fence', async ({ store, other }) => {
    const dead = await leaseOf(store, { leaseMs: SHORT_MS });
    const next = await takenOver(other);
    assert.ok(next.fence > dead.fence);
  });

  test('raises the fence with every lease', async ({ store, other }) => {
    const fences: number[] = [];
    for (let i = 0; i < 12; i++) {
      const lease = await leaseOf(i % 2 ? store : other);
      fences.push(lease.fence);
      if (i % 3 === 0) await store.fail(KEY, lease);
      if (i % 3 === 1) await publish(store, lease).then(() => rejectedSoon(other, lease, { paceMs: 1, maxPaceMs: 1 }));
      if (i % 3 === 2) await other.purge(KEY);
    }
    assert.deepEqual(
      fences,
      [...new Set(fences)].sort((a, b) => a - b),
    );
  });

  test('gives the token that another process committed', async ({ store, other }) => {
    const lease = await leaseOf(store);
    await store.commit(KEY, lease, 'payload', LONG_MS);
    const answer = await acquire(other);
    assert.equal(answer.outcome, 'hit');
    assert.equal(answer.token.payload, 'payload');
    assert.equal(answer.token.fence, lease.fence);
    assert.ok(answer.token.ttlMs > 0 && answer.token.ttlMs <= LONG_MS);
  });

  test('gives no token that has expired', async ({ store }) => {
    await publish(store, await leaseOf(store), { ttlMs: SHORT_MS });
    const next = await eventually('the token expires', async () => {
      const answer = await acquire(store);
      if (answer.outcome === 'hit') assert.ok(answer.token.ttlMs > 0);
      return answer.outcome === 'hit' ? undefined : answer;
    });
    assert.equal(next.outcome, 'lease');
    assert.equal(next.token, undefined);
  });

  test('grants a lease to refresh a token that lives no longer than minTtlMs, and gives the token with it', async ({
    store,
  }) => {
    const { fence } = await published(store);
    const { token, lease } = await granted(acquire(store, { minTtlMs: LONG_MS }));
    assert.equal(token?.fence, fence);
    assert.ok(token.ttlMs > 0 && token.ttlMs <= LONG_MS);
    assert.ok(lease.fence > fence);
  });

  test('gives the token if it lives longer than minTtlMs', async ({ store }) => {
    await published(store);
    assert.equal((await acquire(store, { minTtlMs: LONG_MS / 2 })).outcome, 'hit');
  });

  test('gives the valid token while another process refreshes it', async ({ store, other }) => {
    const { fence } = await published(store);
    await leaseOf(store, { minTtlMs: LONG_MS });
    for (const minTtlMs of [0, LONG_MS]) {
      const answer = await acquire(other, { minTtlMs });
      assert.equal(answer.outcome, 'hit');
      assert.equal(answer.token.fence, fence);
    }
  });

  test('says why a lease is granted: miss, refresh, and invalidated until the next commit', async ({
    store,
    other,
  }) => {
    const reasonNow = async (minTtlMs = 0): Promise<string> => {
      const { lease, reason } = await granted(acquire(other, { minTtlMs }));
      await other.fail(KEY, lease);
      return reason;
    };
    assert.equal(await reasonNow(), 'miss');
    const first = await published(store);
    assert.equal(await reasonNow(LONG_MS), 'refresh');
    assert.equal(await reject(store, first), 'replaced');
    assert.equal(await reasonNow(), 'invalidated');
    assert.equal(await reasonNow(), 'invalidated');
    await published(store, { ttlMs: SHORT_MS });
    await expired(store);
    assert.equal(await reasonNow(), 'miss');
    await store.purge(KEY);
    assert.equal(await reasonNow(), 'invalidated');
  });

  test('names the last fence that was published with every lease, until a purge', async ({ store, other }) => {
    const lastPublished = async (minTtlMs = 0): Promise<number | undefined> => {
      const { lease, published } = await granted(acquire(other, { minTtlMs }));
      await other.fail(KEY, lease);
      return published;
    };
    assert.equal(await lastPublished(), undefined);
    const first = await published(store);
    assert.equal(await lastPublished(LONG_MS), first.fence);
    assert.equal(await reject(store, first), 'replaced');
    assert.equal(await lastPublished(), first.fence);
    const second = await published(store, { ttlMs: SHORT_MS });
    await expired(store);
    assert.equal(await lastPublished(), second.fence);
    await store.purge(KEY);
    assert.equal(await lastPublished(), undefined);
  });

  test('hands a marked token back beside the lease, and as the answer to nothing else', async ({ store, other }) => {
    const marked = await published(store, { payload: 'marked' });
    await reject(other, marked);
    const { rejected, token, reason } = await granted(acquire(store));
    assert.equal(rejected?.fence, marked.fence, 'the marked token is the field `rejected`');
    assert.equal(rejected.payload, 'marked');
    assert.ok(rejected.ttlMs > 0 && rejected.ttlMs <= LONG_MS);
    assert.deepEqual({ token, reason }, { token: undefined, reason: 'invalidated' });
  });

  test('makes callers wait for the replacement of a marked token, and hands that token back', async ({
    store,
    other,
  }) => {
    const marked = await published(store);
    await reject(store, marked);
    await leaseOf(store);
    const answer = await acquire(other);
    assert.equal(answer.outcome, 'wait');
    assert.equal(answer.rejected?.fence, marked.fence, 'the marked token is the field `rejected`');
  });

  test('hands a marked token back beside the cool-down that prevents its replacement', async ({ store, other }) => {
    const marked = await published(store);
    await reject(store, marked);
    await store.fail(KEY, await leaseOf(store), { remainingMs: LONG_MS, error: 'busy' });
    const answer = await acquire(other);
    assert.equal(answer.outcome, 'cooling');
    assert.equal(answer.rejected?.fence, marked.fence, 'the marked token is the field `rejected`');
  });

  test('hands no marked token back that has ended', async ({ store, other }) => {
    await reject(store, await published(store, { ttlMs: SHORT_MS }));
    await expired(store);
    const { rejected, reason } = await granted(acquire(other));
    assert.deepEqual({ rejected, reason }, { rejected: undefined, reason: 'invalidated' });
    const answer = await acquire(store);
    assert.equal(answer.outcome, 'wait');
    assert.equal(answer.rejected, undefined);
  });

  test('hands no token back as rejected where none is marked or refused', async ({ store, other }) => {
    const { rejected } = await granted(acquire(store));
    const waits = await acquire(other);
    assert.equal(waits.outcome, 'wait');
    assert.deepEqual([rejected, waits.rejected], [undefined, undefined]);
  });

  test('grants a lease to a caller that refuses the generation of the token, and hands the token back', async ({
    store,
    other,
  }) => {
    const { fence } = await published(store);
    const { lease, token, rejected, reason } = await granted(acquire(other, { refusedGeneration: fence }));
    assert.deepEqual(
      { token, rejected: rejected?.fence, reason },
      { token: undefined, rejected: fence, reason: 'refresh' },
    );
    assert.ok(lease.fence > fence);
  });

  test('makes a caller that refuses the token wait while others are answered with it', async ({ store, other }) => {
    const { fence } = await published(store);
    await leaseOf(store, { refusedGeneration: fence });
    const refusing = await acquire(other, { refusedGeneration: fence });
    assert.equal(refusing.outcome, 'wait');
    assert.equal(refusing.rejected?.fence, fence);
    assert.equal((await acquire(other)).outcome, 'hit');
  });

  test('tells a caller that refuses the token of the cool-down while others are answered with it', async ({
    store,
    other,
  }) => {
    const { fence } = await published(store);
    const lease = await leaseOf(store, { refusedGeneration: fence });
    await store.fail(KEY, lease, { remainingMs: LONG_MS, error: 'busy' });
    const refusing = await acquire(other, { refusedGeneration: fence });
    assert.equal(refusing.outcome, 'cooling');
    assert.equal(refusing.rejected?.fence, fence);
    assert.equal((await acquire(other)).outcome, 'hit');
  });

  test('answers with the token to a caller that refuses another generation', async ({ store, other }) => {
    const { fence } = await published(store);
    for (const refusedGeneration of [fence - 1, fence + 1]) {
      assert.equal((await acquire(other, { refusedGeneration })).outcome, 'hit');
    }
  });

  test('refuses a leaseMs that is not positive', async ({ store }) => {
    for (const leaseMs of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await assert.rejects(acquire(store, { leaseMs }), RangeError);
    }
    assert.equal((await acquire(store)).outcome, 'lease');
  });
}

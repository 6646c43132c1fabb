import assert from 'node:assert/strict';

import { KEY, LONG_MS, SHORT_MS, type Test, acquire, granted, leaseOf, passed, publish, published } from './fleet.js';

const OF_A = { remainingMs: LONG_MS, error: 'the secret of a is outdated', process: 'a' };
const OF_B = { remainingMs: LONG_MS, error: 'the secret of b is outdated', process: 'b' };
const OF_ALL = { remainingMs: LONG_MS, error: 'too many requests' };

export function privateCooldownTests(test: Test): void {
  test('binds that process, and is told with it', async ({ store }) => {
    await store.fail(KEY, await leaseOf(store, { process: 'a' }), OF_A);
    const answer = await acquire(store, { process: 'a' });
    assert.equal(answer.outcome, 'cooling');
    assert.deepEqual([answer.cooldown.error, answer.cooldown.process], [OF_A.error, 'a']);
  });

  test('is passed over for another process, which is granted the lease', async ({ store, other }) => {
    await store.fail(KEY, await leaseOf(store, { process: 'a' }), OF_A);
    const { lease, failures } = await granted(acquire(other, { process: 'b' }));
    assert.equal(failures, 1);
    assert.equal((await acquire(store, { process: 'c' })).outcome, 'wait');
    assert.deepEqual(await publish(other, lease), { outcome: 'stored' });
  });

  test('binds a process that does not say which it is', async ({ store, other }) => {
    await store.fail(KEY, await leaseOf(store, { process: 'a' }), OF_A);
    assert.equal((await acquire(other)).outcome, 'cooling');
  });

  test('lets another process refresh a valid token, and its own not', async ({ store, other }) => {
    await published(store);
    await store.fail(KEY, await leaseOf(store, { minTtlMs: LONG_MS }), OF_A);
    assert.equal((await acquire(store, { minTtlMs: LONG_MS, process: 'a' })).outcome, 'hit');
    assert.equal((await acquire(other, { minTtlMs: LONG_MS, process: 'b' })).outcome, 'lease');
  });

  test('is told by peek with its process', async ({ store, other }) => {
    await store.fail(KEY, await leaseOf(store), OF_A);
    assert.equal((await other.peek(KEY)).cooldown?.process, 'a');
  });

  test('stays that of one process when the same one fails again', async ({ store, other }) => {
    await store.fail(KEY, await leaseOf(store), OF_A);
    await store.fail(KEY, await leaseOf(store, { process: 'b' }), OF_A);
    assert.equal((await acquire(other, { process: 'b' })).outcome, 'lease');
  });

  test('binds the fleet when a second process fails as well', async ({ store, other }) => {
    await store.fail(KEY, await leaseOf(store, { process: 'a' }), OF_A);
    await other.fail(KEY, await leaseOf(other, { process: 'b' }), OF_B);
    for (const process of ['a', 'b', 'c']) {
      const answer = await acquire(store, { process });
      assert.equal(answer.outcome, 'cooling');
      assert.deepEqual([answer.cooldown.error, answer.cooldown.process], [OF_B.error, undefined]);
    }
  });

  test('binds one process again when that of the other has ended', async ({ store, other }) => {
    await store.fail(KEY, await leaseOf(store, { process: 'a' }), { ...OF_A, remainingMs: SHORT_MS });
    await passed(store, 2 * SHORT_MS);
    await other.fail(KEY, await leaseOf(other, { process: 'b' }), OF_B);
    assert.equal((await acquire(store, { process: 'a' })).outcome, 'lease');
  });

  test('gives way to one that binds the fleet at once', async ({ store, other }) => {
    await store.fail(KEY, await leaseOf(store, { process: 'a' }), OF_A);
    await other.fail(KEY, await leaseOf(other, { process: 'b' }), OF_ALL);
    const answer = await acquire(store, { process: 'c' });
    assert.equal(answer.outcome, 'cooling');
    assert.deepEqual([answer.cooldown.error, answer.cooldown.process], [OF_ALL.error, undefined]);
  });

  test('gives way to a shorter one that binds the fleet, after which others may mint', async ({ store, other }) => {
    await store.fail(KEY, await leaseOf(store, { process: 'a' }), OF_A);
    await other.fail(KEY, await leaseOf(other, { process: 'b' }), { ...OF_ALL, remainingMs: SHORT_MS });
    await passed(store, 2 * SHORT_MS);
    await granted(acquire(store, { process: 'c' }));
  });

  test('ends at a commit of another process', async ({ store, other }) => {
    await store.fail(KEY, await leaseOf(store, { process: 'a' }), OF_A);
    await publish(other, await leaseOf(other, { process: 'b' }));
    assert.equal((await store.peek(KEY)).cooldown, undefined);
    assert.equal((await acquire(store, { process: 'a', minTtlMs: LONG_MS })).outcome, 'lease');
  });

  test('ends at a purge', async ({ store, other }) => {
    await store.fail(KEY, await leaseOf(store, { process: 'a' }), OF_A);
    await other.purge(KEY);
    assert.equal((await acquire(store, { process: 'a' })).outcome, 'lease');
  });

  test('takes a name of any characters', async ({ store }) => {
    for (const process of ['a:b', '1:2', '{a}', 'a\nb', '🔑', ' ']) {
      await store.fail(KEY, await leaseOf(store, { process }), { ...OF_A, process });
      const answer = await acquire(store, { process });
      assert.equal(answer.outcome === 'cooling' ? answer.cooldown.process : answer.outcome, process);
      assert.equal((await acquire(store, { process: `${process}2` })).outcome, 'lease');
      await store.purge(KEY);
    }
  });
}

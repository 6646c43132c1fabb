import assert from 'node:assert/strict';

import { keyIdIn } from '../../core/contract/key-group.js';
import { type TokenStore } from '../../core/contract/token-store.js';
import {
  GROUP,
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
  turnedAway,
} from './fleet.js';

/** More than any store has parts that hold keys. */
const MANY = 200;

/** What a purge of a group does besides what it does to each key. */
export function groupPurgeTests(test: Test): void {
  test('deletes the tokens of all keys of the group, however many there are', async ({ store, other }) => {
    const keys = Array.from({ length: MANY }, (_, number) => keyIdIn(GROUP, `key ${number}`));
    for (const key of keys) await shared(store, key);
    await other.purgeGroup(GROUP);
    for (const key of keys) await assertEmpty(store, key);
  });

  test('leaves keys of other groups, and of none, unchanged', async ({ store, other }) => {
    const others = [keyIdIn('another-grou', 'key'), 'key of none', GROUP, `${GROUP}.`, `${GROUP}key`];
    for (const key of others) await shared(store, key);
    await other.purgeGroup(GROUP);
    for (const key of others) assert.equal((await acquire(store, { key })).outcome, 'hit', key);
  });

  test('refuses what was minted before of a key that the store knows nothing of', async ({ store, other }) => {
    const lease = await leaseOf(other, { key: 'of no group' });
    await other.purgeGroup(GROUP);
    assertVoided(await publish(store, lease));
    assertVoided(await offered(store, lease.fence));
  });

  test('tells a process that knows nothing of a key what is void', async ({ store, other }) => {
    const lease = await leaseOf(other, { key: 'of no group' });
    const fence = await other.purgeGroup(GROUP);
    const { voidedUpTo } = await store.peek(KEY);
    assert.ok(lease.fence <= voidedUpTo && voidedUpTo <= fence);
    assert.equal((await granted(acquire(store))).voidedUpTo, voidedUpTo);
  });

  test('is no reason to mint a key that had no token', async ({ store, other }) => {
    await other.purgeGroup(GROUP);
    assert.equal((await granted(acquire(store))).reason, 'miss');
  });

  test('voids what was minted between two of them', async ({ store, other }) => {
    await store.purgeGroup(GROUP);
    const lease = await published(store);
    const fence = await other.purgeGroup(GROUP);
    assert.ok(lease.fence <= fence);
    await assertEmpty(store);
    assertVoided(await publish(store, lease));
    assert.ok(fence < (await leaseOf(store)).fence);
  });

  test('voids what was published after a purge of the key', async ({ store, other }) => {
    await store.purge(KEY);
    const lease = await published(store);
    await other.purgeGroup(GROUP);
    await assertEmpty(store);
    assertVoided(await offered(store, lease.fence));
  });

  test('is still known after the key was purged, and its token of then has ended', async ({ store, other }) => {
    const lease = await published(store);
    await other.purgeGroup(GROUP);
    await other.purge(KEY);
    await published(other, { ttlMs: SHORT_MS });
    await expired(other);
    assertVoided(await offered(store, lease.fence));
  });

  test('leaves the lease, the cool-down and the rejection of later alone', async ({ store, other }) => {
    await published(store);
    await other.purgeGroup(GROUP);
    const failed = await leaseOf(store);
    assert.equal(await store.renew(KEY, failed), true);
    await turnedAway(acquire(other));
    assert.equal(await store.fail(KEY, failed, { remainingMs: 1, error: 'busy', process: 'a' }), true);
    const lease = await leaseOf(other, { process: 'b' });
    assert.deepEqual(await publish(other, lease), { outcome: 'stored' });
    assert.deepEqual(await publish(other, lease), { outcome: 'duplicate' });
    assert.equal(await reject(store, lease), 'replaced');
    assert.equal((await granted(acquire(store))).rejected?.fence, lease.fence);
  });

  test('lets a token be offered that was minted after it', async ({ store, other }) => {
    await published(store);
    const fence = await other.purgeGroup(GROUP);
    assert.deepEqual(await offered(store, fence + 1), { outcome: 'stored' });
    assert.equal((await acquire(other)).outcome, 'hit');
  });
}

async function shared(store: TokenStore, key: string): Promise<void> {
  assert.deepEqual(await store.commit(key, await leaseOf(store, { key }), 'payload', LONG_MS), { outcome: 'stored' });
}

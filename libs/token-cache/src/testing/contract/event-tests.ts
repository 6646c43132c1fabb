import assert from 'node:assert/strict';

import {
  GROUP,
  ID,
  KEY,
  LONG_MS,
  SHORT_MS,
  type Test,
  acquire,
  leaseOf,
  offered,
  publish,
  published,
  reject,
  takenOver,
} from './fleet.js';
import { Recorder } from './recorder.js';

export function noEventTests(test: Test): void {
  test('are absent: the store is polled', async ({ store }) => {
    assert.equal(store.events, undefined);
  });
}

export function eventTests(test: Test): void {
  test('call up() of every listener, also of one that subscribes later', async ({ store }) => {
    const first = await Recorder.on(store);
    const second = await Recorder.on(store);
    assert.deepEqual([first.ups, second.ups], [1, 1]);
  });

  test('announce a commit only if a process waits for the token', async ({ store, other }) => {
    const heard = await Recorder.on(store);
    const unawaited = await published(other);
    await reject(other, unawaited);
    const awaited = await leaseOf(other);
    assert.equal((await acquire(store)).outcome, 'wait');
    await publish(other, awaited);
    await heard.until('stored');
    assert.deepEqual(heard.events, [
      { type: 'invalidated', keyId: ID, fence: unawaited.fence },
      { type: 'stored', keyId: ID, fence: awaited.fence },
    ]);
  });

  test('announce an offered token if a process waits, or the key was unknown', async ({ store, other }) => {
    const heard = await Recorder.on(store);
    const held = await leaseOf(other);
    assert.equal((await acquire(store)).outcome, 'wait');
    await offered(other, held.fence - 1);
    await heard.until('stored');
    await reject(other, { fence: held.fence - 1 });
    await offered(other, held.fence + 1);
    await offered(other, held.fence + 1);
    await other.purge(KEY);
    await heard.until('purged');
    assert.deepEqual(heard.events.map(({ type, fence }) => [type, fence]).slice(0, 3), [
      ['stored', held.fence - 1],
      ['invalidated', held.fence - 1],
      ['stored', held.fence + 1],
    ]);
    assert.equal(heard.events[3]?.type, 'purged');
  });

  test('announce the commit that replaces an offered token', async ({ store, other }) => {
    const heard = await Recorder.on(store);
    const lease = await leaseOf(store);
    await offered(other, lease.fence - 1);
    await publish(store, lease);
    await heard.until('stored');
    assert.equal(heard.events.at(-1)?.fence, lease.fence);
  });

  test('announce a failure only if a process waits, with a cool-down or without', async ({ store, other }) => {
    const heard = await Recorder.on(store);
    const unawaited = await leaseOf(other);
    await other.fail(KEY, unawaited);
    const released = await leaseOf(other);
    await acquire(store);
    await other.fail(KEY, released);
    await other.fail(KEY, await leaseOf(other));
    const failed = await leaseOf(other);
    await acquire(store);
    await other.fail(KEY, failed, { remainingMs: LONG_MS, error: 'busy' });
    await heard.until('failed', 2);
    assert.deepEqual(heard.events, [
      { type: 'failed', keyId: ID, fence: released.fence },
      { type: 'failed', keyId: ID, fence: failed.fence },
    ]);
  });

  test('announce a commit once to the processes that waited for a holder that died', async ({ store, other }) => {
    const heard = await Recorder.on(store);
    await leaseOf(other, { leaseMs: SHORT_MS });
    await acquire(store);
    const live = await takenOver(other);
    await publish(other, live);
    await published(other, { minTtlMs: LONG_MS });
    await other.purge(KEY);
    await heard.until('purged');
    assert.deepEqual(heard.events[0], { type: 'stored', keyId: ID, fence: live.fence });
    assert.deepEqual(
      heard.events.map(({ type }) => type),
      ['stored', 'purged'],
    );
  });

  test('announce a rejection that marks the token, and none that is stale or held', async ({ store, other }) => {
    const heard = await Recorder.on(store);
    const { fence } = await published(other);
    assert.equal(await reject(other, { fence: fence - 1 }), 'stale');
    assert.equal(await reject(other, { fence }), 'replaced');
    assert.equal(await reject(other, { fence }), 'stale');
    assert.equal(await reject(other, await published(other)), 'held');
    const purge = await other.purge(KEY);
    await heard.until('purged');
    assert.deepEqual(heard.events, [
      { type: 'invalidated', keyId: ID, fence },
      { type: 'purged', keyId: ID, fence: purge },
    ]);
  });

  test('do not announce a contested rejection', async ({ store, other }) => {
    const heard = await Recorder.on(store);
    assert.equal(await reject(other, await published(other), { isContested: true }), 'contested');
    await other.purge(KEY);
    await heard.until('purged');
    assert.deepEqual(
      heard.events.map(({ type }) => type),
      ['purged'],
    );
  });

  test('announce a purge with the fence up to which everything is void', async ({ store, other }) => {
    const heard = await Recorder.on(store);
    await leaseOf(other);
    const fence = await other.purge(KEY);
    assert.deepEqual(await heard.until('purged'), { type: 'purged', keyId: ID, fence });
  });

  test('announce the purge of a group once, with the fence up to which all its keys are void', async ({
    store,
    other,
  }) => {
    const heard = await Recorder.on(store);
    await published(other);
    const fence = await other.purgeGroup(GROUP);
    await other.purge(KEY);
    await heard.until('purged');
    assert.deepEqual(heard.events[0], { type: 'purged-group', group: GROUP, fence });
    assert.equal(heard.events.length, 2);
  });

  test('reach the process that caused them too', async ({ store }) => {
    const heard = await Recorder.on(store);
    await store.purge(KEY);
    await heard.until('purged');
    assert.deepEqual(
      heard.ofKeys.map(({ keyId }) => keyId),
      [ID],
    );
  });

  test('name the key, of any characters', async ({ store, other }) => {
    const heard = await Recorder.on(store);
    const keys = ['', 'a:b', 'a\nb', '{a}', '🔑'];
    for (const key of keys) await other.purge(key);
    await heard.until('purged', keys.length);
    assert.deepEqual(new Set(heard.ofKeys.map(({ keyId }) => keyId)), new Set(keys));
  });

  test('are not delivered to a listener that unsubscribed', async ({ store, other }) => {
    const gone = await Recorder.on(store);
    const heard = await Recorder.on(store);
    gone.unsubscribe();
    gone.unsubscribe();
    await other.purge(KEY);
    await heard.until('purged');
    assert.deepEqual(gone.events, []);
  });

  test('are delivered to a listener that subscribes after the last one left', async ({ store, other }) => {
    (await Recorder.on(store)).unsubscribe();
    const heard = await Recorder.on(store);
    await other.purge(KEY);
    await heard.until('purged');
    assert.equal(heard.events.length, 1);
  });
}

import assert from 'node:assert/strict';

import {
  type Acquired,
  type Lease,
  type TokenStore,
  type TokenStoreEvent,
  type TokenStoreListener,
} from '../lib/token-store.js';

/** What one test of the contract works on. */
export interface TokenStoreFixture {
  /** Another process: a store over the same data as every other one of this fixture. The suite closes it. */
  open(): TokenStore | Promise<TokenStore>;
  /** Releases what the fixture itself made, after the stores were closed. */
  dispose?(): void | Promise<void>;
}

export interface TokenStoreContractOptions {
  /** Whether the store has an event channel. @defaultValue true */
  readonly events?: boolean;
  /** @defaultValue the global one, as of Jest, Mocha or Vitest */
  readonly describe?: (name: string, body: () => void) => void;
  /** @defaultValue the global one */
  readonly it?: (name: string, body: () => Promise<void>) => void;
}

/** Two processes on one store. */
interface Fleet {
  readonly store: TokenStore;
  readonly other: TokenStore;
}

const KEY = 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg';
/** Longer than any test runs. */
const LONG_MS = 60_000;
/** Short enough to see it end. */
const SHORT_MS = 60;
const PATIENCE_MS = 4_000;

let nonces = 0;

/**
 * Registers the tests that every `TokenStore` must pass.
 *
 * @param createFixture called once per test; must give an empty store each time
 * @example
 * describeTokenStore('MyTokenStore', () => {
 *   const path = newTemporaryFile();
 *   return { open: () => new MyTokenStore(path), dispose: () => rm(path) };
 * });
 */
export function describeTokenStore(
  name: string,
  createFixture: () => TokenStoreFixture | Promise<TokenStoreFixture>,
  options: TokenStoreContractOptions = {},
): void {
  const { events = true, describe, it } = { ...(globalThis as unknown as Runner), ...options };
  const test: Test = (title, body) => it(title, () => withFleet(createFixture, body));

  describe(`${name} as a TokenStore`, () => {
    describe('acquire', () => acquireTests(test));
    describe('renew', () => renewTests(test));
    describe('commit', () => commitTests(test));
    describe('fail', () => failTests(test));
    describe('invalidate', () => invalidateTests(test));
    describe('purge', () => purgeTests(test));
    describe('peek', () => peekTests(test));
    describe('keys and payloads', () => dataTests(test));
    describe('its connections', () => connectionTests(test));
    describe('events', () => (events ? eventTests(test) : noEventTests(test)));
  });
}

type Runner = Required<Pick<TokenStoreContractOptions, 'describe' | 'it'>>;
type Test = (title: string, body: (fleet: Fleet) => Promise<void>) => void;

function acquireTests(test: Test): void {
  test('grants the lease to the first who asks', async ({ store }) => {
    const { nonce, ...granted } = await leaseOf(store);
    assert.ok(Number.isSafeInteger(granted.fence) && granted.fence > 0);
    assert.equal(granted.leaseMs, LONG_MS);
    assert.equal(typeof nonce, 'string');
  });

  test('makes a second process wait, and says for how long', async ({ store, other }) => {
    await leaseOf(store);
    const answer = await acquire(other);
    assert.equal(answer.outcome, 'wait');
    assert.ok(answer.leaseEndsInMs > 0 && answer.leaseEndsInMs <= LONG_MS);
  });

  test('grants one lease to many who ask at once', async ({ store, other }) => {
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => acquire(i % 2 ? store : other)));
    assert.equal(answers.filter(({ outcome }) => outcome === 'lease').length, 1);
    assert.equal(answers.filter(({ outcome }) => outcome === 'wait').length, 39);
  });

  test('gives the same nonce its own lease again', async ({ store, other }) => {
    const nonce = newNonce();
    const first = await granted(acquire(store, { nonce }));
    const again = await granted(acquire(other, { nonce }));
    assert.deepEqual(again.lease, first.lease);
    assert.equal((await acquire(other)).outcome, 'wait');
  });

  test('gives the same nonce a new fence once its lease was taken over', async ({ store, other }) => {
    const nonce = newNonce();
    const first = await granted(acquire(store, { nonce, leaseMs: SHORT_MS }));
    const second = await takenOver(other);
    await store.fail(KEY, second);
    const third = await granted(acquire(store, { nonce }));
    assert.ok(third.lease.fence > second.fence && second.fence > first.lease.fence);
  });

  test('grants a lapsed lease anew, with a higher fence', async ({ store, other }) => {
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
      if (i % 3 === 1) await publish(store, lease).then(() => other.invalidate(KEY, lease.fence));
      if (i % 3 === 2) await other.purge(KEY);
    }
    assert.deepEqual(
      fences,
      [...new Set(fences)].sort((a, b) => a - b),
    );
  });

  test('answers with the token that another process published', async ({ store, other }) => {
    const lease = await leaseOf(store);
    await store.commit(KEY, lease, 'payload', LONG_MS);
    const answer = await acquire(other);
    assert.equal(answer.outcome, 'hit');
    assert.equal(answer.token.payload, 'payload');
    assert.equal(answer.token.fence, lease.fence);
    assert.ok(answer.token.ttlMs > 0 && answer.token.ttlMs <= LONG_MS);
  });

  test('never answers with a token that has expired', async ({ store }) => {
    await publish(store, await leaseOf(store), { ttlMs: SHORT_MS });
    const next = await eventually('the token expires', async () => {
      const answer = await acquire(store);
      if (answer.outcome === 'hit') assert.ok(answer.token.ttlMs > 0);
      return answer.outcome === 'hit' ? undefined : answer;
    });
    assert.equal(next.outcome, 'lease');
    assert.equal(next.token, undefined);
  });

  test('grants a refresh of a token that lives no longer than needMs, and gives the token with it', async ({
    store,
  }) => {
    const { fence } = await published(store);
    const { token, lease } = await granted(acquire(store, { needMs: LONG_MS }));
    assert.equal(token?.fence, fence);
    assert.ok(token.ttlMs > 0 && token.ttlMs <= LONG_MS);
    assert.ok(lease.fence > fence);
  });

  test('answers with the token when it lives longer than needMs', async ({ store }) => {
    await published(store);
    assert.equal((await acquire(store, { needMs: LONG_MS / 2 })).outcome, 'hit');
  });

  test('answers with the valid token while another process refreshes it', async ({ store, other }) => {
    const { fence } = await published(store);
    await leaseOf(store, { needMs: LONG_MS });
    for (const needMs of [0, LONG_MS]) {
      const answer = await acquire(other, { needMs });
      assert.equal(answer.outcome, 'hit');
      assert.equal(answer.token.fence, fence);
    }
  });

  test('says why a lease is granted: miss, refresh, and invalidated until the next commit', async ({
    store,
    other,
  }) => {
    const reasonNow = async (needMs = 0): Promise<string> => {
      const { lease, reason } = await granted(acquire(other, { needMs }));
      await other.fail(KEY, lease);
      return reason;
    };
    assert.equal(await reasonNow(), 'miss');
    const first = await published(store);
    assert.equal(await reasonNow(LONG_MS), 'refresh');
    await store.invalidate(KEY, first.fence);
    assert.equal(await reasonNow(), 'invalidated');
    assert.equal(await reasonNow(), 'invalidated');
    await published(store, { ttlMs: SHORT_MS });
    await eventually('the token expires', async () => ((await store.peek(KEY)).token ? undefined : true));
    assert.equal(await reasonNow(), 'miss');
    await store.purge(KEY);
    assert.equal(await reasonNow(), 'invalidated');
  });

  test('refuses a lease that is not a positive number of ms', async ({ store }) => {
    for (const leaseMs of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await assert.rejects(acquire(store, { leaseMs }), RangeError);
    }
    assert.equal((await acquire(store)).outcome, 'lease');
  });
}

function renewTests(test: Test): void {
  test('keeps others waiting for longer than the lease was granted for', async ({ store, other }) => {
    const lease = await leaseOf(store, { leaseMs: SHORT_MS });
    assert.equal(await store.renew(KEY, { ...lease, leaseMs: LONG_MS }), true);
    await lapsed(store, SHORT_MS);
    const answer = await acquire(other);
    assert.equal(answer.outcome, 'wait');
    assert.ok(answer.leaseEndsInMs > SHORT_MS);
  });

  test('revives a lease that lapsed, as long as nobody took it over', async ({ store, other }) => {
    const lease = await leaseOf(store, { leaseMs: SHORT_MS });
    await lapsed(other, SHORT_MS);
    assert.equal(await store.renew(KEY, { ...lease, leaseMs: LONG_MS }), true);
    assert.equal((await acquire(other)).outcome, 'wait');
  });

  test('says no to a lease that was taken over, and leaves the new one alone', async ({ store, other }) => {
    const dead = await leaseOf(store, { leaseMs: SHORT_MS });
    const live = await takenOver(other);
    assert.equal(await store.renew(KEY, dead), false);
    assert.equal(await store.renew(KEY, { ...live, nonce: dead.nonce }), false);
    assert.equal(await store.renew(KEY, { ...live, fence: dead.fence }), false);
    assert.equal(await other.renew(KEY, live), true);
  });

  test('says no after commit, fail and purge, and where there never was a lease', async ({ store }) => {
    const lease = await leaseOf(store);
    assert.equal(await store.renew('another key', lease), false);
    await publish(store, lease);
    assert.equal(await store.renew(KEY, lease), false);

    const refresh = await leaseOf(store, { needMs: LONG_MS });
    await store.fail(KEY, refresh);
    assert.equal(await store.renew(KEY, refresh), false);

    const voided = await leaseOf(store, { needMs: LONG_MS });
    await store.purge(KEY);
    assert.equal(await store.renew(KEY, voided), false);
    assert.equal((await acquire(store)).outcome, 'lease');
  });
}

function commitTests(test: Test): void {
  test('stores the token and releases the lease', async ({ store, other }) => {
    const lease = await leaseOf(store);
    assert.deepEqual(await publish(store, lease), { outcome: 'stored' });
    assert.equal((await store.peek(KEY)).token?.fence, lease.fence);
    assert.equal((await acquire(other, { needMs: LONG_MS })).outcome, 'lease');
  });

  test('stores a refreshed token over the one that is still valid', async ({ store, other }) => {
    await published(store, { payload: 'old' });
    const refresh = await leaseOf(other, { needMs: LONG_MS });
    assert.deepEqual(await publish(other, refresh, { payload: 'new' }), { outcome: 'stored' });
    assert.equal((await store.peek(KEY)).token?.payload, 'new');
  });

  test('stores the token of a lease that lapsed but was not taken over', async ({ store, other }) => {
    const lease = await leaseOf(store, { leaseMs: SHORT_MS });
    await lapsed(other, SHORT_MS);
    assert.deepEqual(await publish(store, lease), { outcome: 'stored' });
    assert.equal((await acquire(other)).outcome, 'hit');
  });

  test('stores the token of a lease that was released, as long as nobody was granted another', async ({
    store,
    other,
  }) => {
    const lease = await leaseOf(store);
    await store.fail(KEY, lease);
    assert.deepEqual(await publish(store, lease), { outcome: 'stored' });
    assert.equal((await acquire(other)).outcome, 'hit');
  });

  test('refuses a late commit once a newer lease was granted', async ({ store, other }) => {
    const dead = await leaseOf(store, { leaseMs: SHORT_MS });
    const live = await takenOver(other);
    assert.deepEqual(await publish(store, dead), { outcome: 'superseded' });
    assert.deepEqual(await store.peek(KEY), {});
    assert.equal(await other.renew(KEY, live), true);
  });

  test('answers a late commit with the token that a newer lease published, and leaves it alone', async ({
    store,
    other,
  }) => {
    const dead = await leaseOf(store, { leaseMs: SHORT_MS });
    const live = await takenOver(other);
    await publish(other, live, { payload: 'newer' });
    const answer = await publish(store, dead, { payload: 'older' });
    assert.equal(answer.outcome, 'superseded');
    assert.equal(answer.token?.payload, 'newer');
    assert.equal(answer.token.fence, live.fence);
    assert.ok(answer.token.ttlMs > 0 && answer.token.ttlMs <= LONG_MS);
    assert.equal((await other.peek(KEY)).token?.payload, 'newer');
  });

  test('refuses a commit of which no record is left once it is older than its lease', async ({ store }) => {
    const lease = await leaseOf(store);
    const ancient = { ...lease, fence: lease.fence - 2 * LONG_MS * 1000 };
    assert.deepEqual(await store.commit('another key', ancient, 'payload', LONG_MS), { outcome: 'superseded' });
    assert.deepEqual(await store.peek('another key'), {});
  });

  test('stores a commit of which no record is left while it is younger than its lease', async ({ store }) => {
    const lease = await leaseOf(store);
    assert.deepEqual(await store.commit('another key', lease, 'payload', LONG_MS), { outcome: 'stored' });
    assert.equal((await store.peek('another key')).token?.fence, lease.fence);
  });

  test('answers a retry with duplicate, and neither extends nor replaces the token', async ({ store, other }) => {
    const lease = await leaseOf(store);
    await publish(store, lease, { payload: 'first', ttlMs: LONG_MS });
    assert.deepEqual(await publish(other, lease, { payload: 'second', ttlMs: 2 * LONG_MS }), { outcome: 'duplicate' });
    const { token } = await store.peek(KEY);
    assert.equal(token?.payload, 'first');
    assert.ok(token.ttlMs <= LONG_MS);
  });

  test('does not bring an invalidated token back when its commit is retried', async ({ store, other }) => {
    const lease = await published(store);
    await other.invalidate(KEY, lease.fence);
    assert.deepEqual(await publish(store, lease), { outcome: 'superseded' });
    assert.deepEqual(await store.peek(KEY), {});
  });

  test('does not bring an expired token back when its commit is retried', async ({ store }) => {
    const lease = await published(store, { ttlMs: SHORT_MS });
    await eventually('the token expires', async () => ((await store.peek(KEY)).token ? undefined : true));
    assert.deepEqual(await publish(store, lease), { outcome: 'superseded' });
    assert.deepEqual(await store.peek(KEY), {});
  });

  test('does not release the lease of the refresh that follows when it is retried', async ({ store, other }) => {
    const lease = await published(store);
    const refresh = await leaseOf(other, { needMs: LONG_MS });
    assert.deepEqual(await publish(store, lease), { outcome: 'duplicate' });
    assert.equal(await other.renew(KEY, refresh), true);
  });

  test('refuses a life that is not a positive integer, and keeps the lease', async ({ store }) => {
    const lease = await leaseOf(store);
    for (const ttlMs of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      await assert.rejects(publish(store, lease, { ttlMs }), RangeError);
    }
    assert.deepEqual(await store.peek(KEY), {});
    assert.equal(await store.renew(KEY, lease), true);
  });

  test('keeps a token that lives for longer than a 32-bit timer', async ({ store }) => {
    const ttlMs = 40 * 24 * 60 * 60 * 1000;
    await published(store, { ttlMs });
    const { token } = await store.peek(KEY);
    assert.ok(token && token.ttlMs > 2 ** 31 && token.ttlMs <= ttlMs);
  });
}

function failTests(test: Test): void {
  test('releases the lease', async ({ store, other }) => {
    await store.fail(KEY, await leaseOf(store));
    const { failures } = await granted(acquire(other));
    assert.equal(failures, 0);
  });

  test('shares the cool-down and its error with every process', async ({ store, other }) => {
    await store.fail(KEY, await leaseOf(store), { remainingMs: LONG_MS, error: 'a: "b"\n{c}' });
    const answer = await acquire(other);
    assert.equal(answer.outcome, 'cooling');
    assert.equal(answer.cooldown.error, 'a: "b"\n{c}');
    assert.ok(answer.cooldown.remainingMs > 0 && answer.cooldown.remainingMs <= LONG_MS);
  });

  test('ends the cool-down by itself', async ({ store, other }) => {
    await store.fail(KEY, await leaseOf(store), { remainingMs: SHORT_MS, error: 'busy' });
    const answer = await eventually('the cool-down ends', async () => {
      const now = await acquire(other);
      return now.outcome === 'cooling' ? undefined : now;
    });
    assert.equal(answer.outcome, 'lease');
    assert.deepEqual(await other.peek(KEY), {});
  });

  test('answers with the valid token while cooling, whatever is needed', async ({ store, other }) => {
    const { fence } = await published(store);
    await store.fail(KEY, await leaseOf(store, { needMs: LONG_MS }), { remainingMs: LONG_MS, error: 'busy' });
    for (const needMs of [0, LONG_MS]) {
      const answer = await acquire(other, { needMs });
      assert.equal(answer.outcome, 'hit');
      assert.equal(answer.token.fence, fence);
    }
  });

  test('counts the failures in a row; a release without a cool-down is none', async ({ store, other }) => {
    const failuresAfter = async (cooldown?: { remainingMs: number; error: string }): Promise<number> => {
      await store.fail(KEY, await leaseSoon(store), cooldown);
      const { failures, lease } = await leaseAnswerSoon(other);
      await other.fail(KEY, lease);
      return failures;
    };
    const cooldown = { remainingMs: 1, error: 'busy' };
    assert.equal(await failuresAfter(cooldown), 1);
    assert.equal(await failuresAfter(cooldown), 2);
    assert.equal(await failuresAfter(), 2);
    assert.equal(await failuresAfter(cooldown), 3);
  });

  test('is forgotten after a commit', async ({ store, other }) => {
    await store.fail(KEY, await leaseOf(store), { remainingMs: 1, error: 'busy' });
    const lease = await leaseSoon(store);
    await publish(store, lease);
    const { failures } = await granted(acquire(other, { needMs: LONG_MS }));
    assert.equal(failures, 0);
  });

  test('ends its cool-down when the token comes after all', async ({ store, other }) => {
    const lease = await leaseOf(store);
    await store.fail(KEY, lease, { remainingMs: LONG_MS, error: 'timeout' });
    assert.deepEqual(await publish(store, lease), { outcome: 'stored' });
    assert.equal((await other.peek(KEY)).cooldown, undefined);
  });

  test('counts once when it is retried', async ({ store, other }) => {
    const lease = await leaseOf(store);
    await store.fail(KEY, lease, { remainingMs: SHORT_MS, error: 'first' });
    await other.fail(KEY, lease, { remainingMs: LONG_MS, error: 'second' });
    const { failures } = await leaseAnswerSoon(store);
    assert.equal(failures, 1);
  });

  test('of a stale holder harms nobody', async ({ store, other }) => {
    const dead = await leaseOf(store, { leaseMs: SHORT_MS });
    const live = await takenOver(other);
    await store.fail(KEY, dead, { remainingMs: LONG_MS, error: 'late' });
    await store.fail(KEY, { ...live, nonce: dead.nonce }, { remainingMs: LONG_MS, error: 'foreign' });
    await store.fail(KEY, { ...live, fence: dead.fence }, { remainingMs: LONG_MS, error: 'old' });
    assert.equal((await acquire(store)).outcome, 'wait');
    assert.equal((await store.peek(KEY)).cooldown, undefined);
    assert.deepEqual(await publish(other, live), { outcome: 'stored' });
  });

  test('refuses a cool-down that is not a positive number of ms', async ({ store }) => {
    const lease = await leaseOf(store);
    for (const remainingMs of [0, -1, 0.5, Number.NaN]) {
      await assert.rejects(store.fail(KEY, lease, { remainingMs, error: 'busy' }), RangeError);
    }
    assert.equal(await store.renew(KEY, lease), true);
  });
}

function invalidateTests(test: Test): void {
  test('deletes the token of that generation for every process', async ({ store, other }) => {
    const { fence } = await published(store);
    assert.equal(await other.invalidate(KEY, fence), true);
    assert.deepEqual(await store.peek(KEY), {});
    assert.equal((await acquire(store)).outcome, 'lease');
  });

  test('leaves a token of another generation alone', async ({ store, other }) => {
    const { fence: old } = await published(store);
    const { fence } = await published(store, { needMs: LONG_MS });
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
    const refresh = await leaseOf(store, { needMs: LONG_MS });
    await other.invalidate(KEY, fence);
    assert.equal((await acquire(other)).outcome, 'wait');
    assert.deepEqual(await publish(store, refresh), { outcome: 'stored' });
  });
}

function purgeTests(test: Test): void {
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

function peekTests(test: Test): void {
  test('says nothing of an unknown key, and grants nothing', async ({ store, other }) => {
    assert.deepEqual(await store.peek(KEY), {});
    assert.equal((await acquire(other)).outcome, 'lease');
  });

  test('gives token and cool-down', async ({ store, other }) => {
    const { fence } = await published(store);
    await store.fail(KEY, await leaseOf(store, { needMs: LONG_MS }), { remainingMs: LONG_MS, error: 'busy' });
    const { token, cooldown } = await other.peek(KEY);
    assert.equal(token?.fence, fence);
    assert.ok(token.ttlMs > 0 && token.ttlMs <= LONG_MS);
    assert.equal(cooldown?.error, 'busy');
    assert.ok(cooldown.remainingMs > 0 && cooldown.remainingMs <= LONG_MS);
  });
}

function dataTests(test: Test): void {
  const ODD_KEYS = [
    '',
    ' ',
    'a',
    'a:t',
    'a:l',
    '{a}',
    '}{',
    'a}b',
    'a\nb',
    'a\0b',
    '../a',
    "a'; --",
    'ключ',
    '🔑',
    '*',
    '__proto__',
    'constructor',
    'x'.repeat(2_000),
  ];
  const PAYLOADS = {
    colons: '12:34::',
    newlines: 'a\r\nb\n',
    braces: '{"a":"}"}',
    unicode: 'é 漢字 🔐 \u0000',
    empty: '',
    numeric: '0012',
    long: 'j'.repeat(64 * 1024),
  };

  test('keeps keys apart, however odd they are', async ({ store, other }) => {
    for (const key of ODD_KEYS) {
      const lease = await leaseOf(store, { key });
      await store.commit(key, lease, `payload of ${key}`, LONG_MS);
    }
    for (const key of ODD_KEYS)
      assert.equal((await other.peek(key)).token?.payload, `payload of ${key}`, key.slice(0, 40));
  });

  for (const [name, payload] of Object.entries(PAYLOADS)) {
    test(`gives a payload back as it was: ${name}`, async ({ store, other }) => {
      await published(store, { payload });
      const answer = await acquire(other);
      assert.equal(answer.outcome, 'hit');
      assert.equal(answer.token.payload, payload);
      assert.equal((await other.peek(KEY)).token?.payload, payload);
    });
  }
}

function connectionTests(test: Test): void {
  test('answers a ping', async ({ store }) => {
    assert.equal(await store.ping(), undefined);
  });

  test('closes twice without complaint, and leaves the others open', async ({ store, other }) => {
    await published(store);
    await store.close();
    await store.close();
    assert.equal((await acquire(other)).outcome, 'hit');
  });
}

function noEventTests(test: Test): void {
  test('has none: it is polled', async ({ store }) => {
    assert.equal(store.events, undefined);
  });
}

function eventTests(test: Test): void {
  test('tells every listener that events arrive from now on, the late ones too', async ({ store }) => {
    const first = await Recorder.on(store);
    const second = await Recorder.on(store);
    assert.deepEqual([first.ups, second.ups], [1, 1]);
  });

  test('announces a token only when somebody waits for it', async ({ store, other }) => {
    const heard = await Recorder.on(store);
    const unawaited = await published(other);
    await other.invalidate(KEY, unawaited.fence);
    const awaited = await leaseOf(other);
    assert.equal((await acquire(store)).outcome, 'wait');
    await publish(other, awaited);
    await heard.until('stored');
    assert.deepEqual(heard.events, [
      { type: 'invalidated', keyId: KEY, fence: unawaited.fence },
      { type: 'stored', keyId: KEY, fence: awaited.fence },
    ]);
  });

  test('announces a failure only when somebody waits, with a cool-down or without', async ({ store, other }) => {
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
      { type: 'failed', keyId: KEY, fence: released.fence },
      { type: 'failed', keyId: KEY, fence: failed.fence },
    ]);
  });

  test('announces a token once to those who waited for a holder that died', async ({ store, other }) => {
    const heard = await Recorder.on(store);
    await leaseOf(other, { leaseMs: SHORT_MS });
    await acquire(store);
    const live = await takenOver(other);
    await publish(other, live);
    await published(other, { needMs: LONG_MS });
    await other.purge(KEY);
    await heard.until('purged');
    assert.deepEqual(heard.events[0], { type: 'stored', keyId: KEY, fence: live.fence });
    assert.deepEqual(
      heard.events.map(({ type }) => type),
      ['stored', 'purged'],
    );
  });

  test('announces every invalidation that deleted something, and no other', async ({ store, other }) => {
    const heard = await Recorder.on(store);
    const { fence } = await published(other);
    await other.invalidate(KEY, fence - 1);
    await other.invalidate(KEY, fence);
    await other.invalidate(KEY, fence);
    await other.purge(KEY);
    await heard.until('purged');
    assert.deepEqual(
      heard.events.map(({ type }) => type),
      ['invalidated', 'purged'],
    );
  });

  test('announces a purge with the fence below which everything is void', async ({ store, other }) => {
    const heard = await Recorder.on(store);
    const voided = await leaseOf(other);
    await other.purge(KEY);
    const { fence } = await heard.until('purged');
    const next = await leaseOf(other);
    assert.ok(voided.fence < fence && fence < next.fence);
  });

  test('reaches the process that caused the event as well', async ({ store }) => {
    const heard = await Recorder.on(store);
    await store.purge(KEY);
    assert.equal((await heard.until('purged')).keyId, KEY);
  });

  test('names the key, however odd it is', async ({ store, other }) => {
    const heard = await Recorder.on(store);
    const keys = ['', 'a:b', 'a\nb', '{a}', '🔑'];
    for (const key of keys) await other.purge(key);
    await heard.until('purged', keys.length);
    assert.deepEqual(new Set(heard.events.map(({ keyId }) => keyId)), new Set(keys));
  });

  test('are not delivered to who unsubscribed', async ({ store, other }) => {
    const gone = await Recorder.on(store);
    const heard = await Recorder.on(store);
    gone.unsubscribe();
    gone.unsubscribe();
    await other.purge(KEY);
    await heard.until('purged');
    assert.deepEqual(gone.events, []);
  });

  test('are delivered again to who comes back after the last one left', async ({ store, other }) => {
    (await Recorder.on(store)).unsubscribe();
    const heard = await Recorder.on(store);
    await other.purge(KEY);
    await heard.until('purged');
    assert.equal(heard.events.length, 1);
  });
}

/** A listener that remembers. */
class Recorder implements TokenStoreListener {
  readonly events: TokenStoreEvent[] = [];
  ups = 0;
  unsubscribe: () => void = () => {};

  /** Resolves once events arrive. */
  static async on(store: TokenStore): Promise<Recorder> {
    const recorder = new Recorder();
    assert.ok(store.events, 'the store has an event channel');
    recorder.unsubscribe = store.events.subscribe(recorder);
    await eventually('events arrive', async () => recorder.ups || undefined);
    return recorder;
  }

  event(event: TokenStoreEvent): void {
    this.events.push(event);
  }

  up(): void {
    this.ups += 1;
  }

  down(): void {}

  /** The last of `count` events of that type, once it is there. */
  until(type: TokenStoreEvent['type'], count = 1): Promise<TokenStoreEvent> {
    return eventually(
      `${count} of "${type}" arrive`,
      async () => this.events.filter((event) => event.type === type)[count - 1],
    );
  }
}

async function withFleet(
  createFixture: () => TokenStoreFixture | Promise<TokenStoreFixture>,
  body: (fleet: Fleet) => Promise<void>,
): Promise<void> {
  const fixture = await createFixture();
  const opened: TokenStore[] = [];
  const open = async (): Promise<TokenStore> => {
    const store = await fixture.open();
    opened.push(store);
    return store;
  };
  try {
    await body({ store: await open(), other: await open() });
  } finally {
    await Promise.all(opened.map((store) => store.close()));
    await fixture.dispose?.();
  }
}

interface Ask {
  key?: string;
  nonce?: string;
  leaseMs?: number;
  needMs?: number;
}

interface Publication {
  payload?: string;
  ttlMs?: number;
}

function newNonce(): string {
  return `nonce-${++nonces}`;
}

function acquire(
  store: TokenStore,
  { key = KEY, nonce = newNonce(), leaseMs = LONG_MS, needMs = 0 }: Ask = {},
): Promise<Acquired> {
  return store.acquire(key, { nonce, leaseMs, needMs });
}

type LeaseAnswer = Extract<Acquired, { outcome: 'lease' }>;

async function granted(answer: Promise<Acquired>): Promise<LeaseAnswer> {
  const acquired = await answer;
  assert.equal(acquired.outcome, 'lease');
  return acquired;
}

async function leaseOf(store: TokenStore, ask: Ask = {}): Promise<Lease> {
  return (await granted(acquire(store, ask))).lease;
}

function leaseAnswerSoon(store: TokenStore): Promise<LeaseAnswer> {
  return eventually('a lease is granted', async () => {
    const answer = await acquire(store);
    return answer.outcome === 'lease' ? answer : undefined;
  });
}

async function leaseSoon(store: TokenStore): Promise<Lease> {
  return (await leaseAnswerSoon(store)).lease;
}

/** The lease of a second process, as soon as the first one's has lapsed. */
function takenOver(store: TokenStore): Promise<Lease> {
  return leaseSoon(store);
}

function publish(store: TokenStore, lease: Lease, { payload = 'payload', ttlMs = LONG_MS }: Publication = {}) {
  return store.commit(KEY, lease, payload, ttlMs);
}

/** Mints and publishes; gives the lease under which the token was published. */
async function published(store: TokenStore, { needMs = 0, ...token }: Publication & Ask = {}): Promise<Lease> {
  const lease = await leaseOf(store, { needMs });
  assert.deepEqual(await publish(store, lease, token), { outcome: 'stored' });
  return lease;
}

/** Resolves when a lease that was granted before this call has lapsed: a later one of another key has, on the same clock. */
async function lapsed(store: TokenStore, leaseMs: number): Promise<void> {
  const key = newNonce();
  await leaseOf(store, { key, leaseMs });
  await eventually('the lease lapses', async () =>
    (await acquire(store, { key })).outcome === 'lease' ? true : undefined,
  );
}

async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    assert.ok(performance.now() < deadline, `Waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

import assert from 'node:assert/strict';

import {
  LONG_MS,
  SHORT_MS,
  type Fleet,
  type Test,
  GROUP,
  KEY,
  acquire,
  assertSuperseded,
  assertVoided,
  expired,
  granted,
  hit,
  leaseOf,
  publish,
  published,
  reject,
  takenOver,
  turnedAway,
} from './fleet.js';

/** What a process is told with each answer. */
const TOLD: readonly [string, (fleet: Fleet) => Promise<number>][] = [
  ['a lease', async ({ store }) => (await granted(acquire(store))).voidedUpTo],
  [
    'a wait',
    async ({ store, other }) => {
      await leaseOf(other);
      return (await turnedAway(acquire(store))).voidedUpTo;
    },
  ],
  [
    'a cool-down',
    async ({ store, other }) => {
      await other.fail(KEY, await leaseOf(other), { remainingMs: LONG_MS, error: 'busy' });
      return (await turnedAway(acquire(store))).voidedUpTo;
    },
  ],
  [
    'a token',
    async ({ store, other }) => {
      await published(other);
      return (await hit(acquire(store))).voidedUpTo;
    },
  ],
  [
    'a token that cannot be replaced now',
    async ({ store, other }) => {
      await published(other);
      await leaseOf(other, { minTtlMs: 2 * LONG_MS });
      return (await hit(acquire(store, { minTtlMs: 2 * LONG_MS }))).voidedUpTo;
    },
  ],
  ['a peek', async ({ store }) => (await store.peek(KEY)).voidedUpTo],
];

export function voidedTests(test: Test): void {
  for (const [answer, told] of TOLD) {
    test(`tells that nothing is void beside ${answer}`, async (fleet) => {
      assert.equal(await told(fleet), 0);
    });

    test(`tells the fence of the last purge beside ${answer}`, async (fleet) => {
      await published(fleet.other);
      const purged = await fleet.other.purge(KEY);
      assert.equal(await told(fleet), purged);
    });

    test(`tells that the last purge of its group voids what was before beside ${answer}`, async (fleet) => {
      const { fence } = await published(fleet.other);
      const purged = await fleet.other.purgeGroup(GROUP);
      const voidedUpTo = await told(fleet);
      assert.ok(fence <= voidedUpTo && voidedUpTo <= purged);
    });

    test(`tells the generation that is marked beside ${answer}`, async (fleet) => {
      await fleet.other.purge(KEY);
      const { fence } = await published(fleet.other);
      await reject(fleet.other, { fence });
      assert.equal(await told(fleet), fence);
    });

    test(`tells the generation that is marked beside ${answer} although its token has ended`, async (fleet) => {
      const { fence } = await published(fleet.other, { ttlMs: SHORT_MS });
      await reject(fleet.other, { fence });
      await expired(fleet.other);
      assert.equal(await told(fleet), fence);
    });

    test(`tells the marked generation beside ${answer} after its token was replaced, too`, async (fleet) => {
      const marked = await published(fleet.other);
      await reject(fleet.other, marked);
      await published(fleet.other, { ttlMs: SHORT_MS });
      await expired(fleet.other);
      assert.equal(await told(fleet), marked.fence);
    });
  }

  test('does not count a contested rejection', async ({ store, other }) => {
    const { fence } = await published(store);
    await reject(store, { fence }, { isContested: true });
    assert.equal((await granted(acquire(other, { refusedGeneration: fence }))).voidedUpTo, 0);
  });

  test('answers voided to the commit of a mint that a purge overtook', async ({ store, other }) => {
    const lease = await leaseOf(store);
    await other.purge(KEY);
    assertVoided(await publish(store, lease));
  });

  test('answers voided to that commit after another token was stored and has ended', async ({ store, other }) => {
    const lease = await leaseOf(store);
    await other.purge(KEY);
    await published(other, { ttlMs: SHORT_MS });
    await expired(other);
    assertVoided(await publish(store, lease));
  });

  test('answers voided to the repeated commit of a marked token, also when that has ended', async ({
    store,
    other,
  }) => {
    const lease = await published(store, { ttlMs: SHORT_MS });
    await reject(other, lease);
    assertVoided(await publish(store, lease));
    await expired(other);
    assertVoided(await publish(store, lease));
  });

  test('answers voided to a commit that is older than the marked token', async ({ store, other }) => {
    const dead = await leaseOf(store, { leaseMs: SHORT_MS });
    const live = await takenOver(other);
    await publish(other, live);
    await reject(other, live);
    assertVoided(await publish(store, dead));
  });

  test('answers superseded to a commit after a newer lease: its token may be good', async ({ store, other }) => {
    const dead = await leaseOf(store, { leaseMs: SHORT_MS });
    await takenOver(other);
    assertSuperseded(await publish(store, dead));
  });
}

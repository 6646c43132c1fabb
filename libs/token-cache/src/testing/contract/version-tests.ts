import assert from 'node:assert/strict';

import { GROUP, KEY, LONG_MS, type Fleet, type Test, leaseOf, offered, published, reject } from './fleet.js';

/** What another process does that those who wait, or who have a copy, must hear of. */
const CHANGES: readonly (readonly [change: string, prepare: (fleet: Fleet) => Promise<() => Promise<unknown>>])[] = [
  [
    'stores a token',
    async ({ other }) =>
      () =>
        published(other),
  ],
  [
    'releases a lease',
    async ({ other }) => {
      const lease = await leaseOf(other);
      return () => other.fail(KEY, lease);
    },
  ],
  [
    'fails to mint',
    async ({ other }) => {
      const lease = await leaseOf(other);
      return () => other.fail(KEY, lease, { remainingMs: LONG_MS, error: 'busy' });
    },
  ],
  [
    'offers a token',
    async ({ other }) =>
      () =>
        offered(other, 1),
  ],
  [
    'rejects a token',
    async ({ other }) => {
      const lease = await published(other);
      return () => reject(other, lease);
    },
  ],
  [
    'purges a key',
    async ({ other }) =>
      () =>
        other.purge(KEY),
  ],
  [
    'purges a group',
    async ({ other }) =>
      () =>
        other.purgeGroup(GROUP),
  ],
];

export function versionTests(test: Test): void {
  for (const [change, prepare] of CHANGES) {
    test(`is another one once another process ${change}, and stays until then`, async (fleet) => {
      const act = await prepare(fleet);
      const versionOf = (): number | undefined => fleet.store.version?.();
      const before = versionOf();
      assert.equal(typeof before, 'number');
      assert.equal(versionOf(), before);
      await act();
      assert.notEqual(versionOf(), before);
    });
  }
}

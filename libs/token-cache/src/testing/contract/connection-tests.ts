import assert from 'node:assert/strict';

import { type Test, acquire, published } from './fleet.js';

export function connectionTests(test: Test): void {
  test('answers a ping', async ({ store }) => {
    assert.equal(await store.ping(), undefined);
  });

  test('closes twice without an error, and leaves the stores of other processes open', async ({ store, other }) => {
    await published(store);
    await store.close();
    await store.close();
    assert.equal((await acquire(other)).outcome, 'hit');
  });
}

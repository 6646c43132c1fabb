import assert from 'node:assert/strict';

import { KEY, LONG_MS, type Test, acquire, leaseOf, published } from './fleet.js';

export function dataTests(test: Test): void {
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

  test('keeps keys of any characters apart', async ({ store, other }) => {
    for (const key of ODD_KEYS) {
      const lease = await leaseOf(store, { key });
      await store.commit(key, lease, `payload of ${key}`, LONG_MS);
    }
    for (const key of ODD_KEYS)
      assert.equal((await other.peek(key)).token?.payload, `payload of ${key}`, key.slice(0, 40));
  });

  for (const [name, payload] of Object.entries(PAYLOADS)) {
    test(`returns a payload unchanged: ${name}`, async ({ store, other }) => {
      await published(store, { payload });
      const answer = await acquire(other);
      assert.equal(answer.outcome, 'hit');
      assert.equal(answer.token.payload, payload);
      assert.equal((await other.peek(KEY)).token?.payload, payload);
    });
  }
}

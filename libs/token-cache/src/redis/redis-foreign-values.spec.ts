import { randomUUID } from 'node:crypto';
import { recordEvidence, type RedisServer, startRedis } from '@mintonce/test-support';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { TokenObserver } from '../core/contract/token-observer.js';
import { TokenClient } from '../core/token-client.js';
import { FakeTokenSource } from '../testing/fake-token-source.js';
import { RedisNames } from './redis-names.js';
import { RedisTokenStore } from './redis-token-store.js';

const KEY = 'key';
const LONG_MS = 60_000;
/** Error texts of the server versions. */
const FORBIDDEN = /can't run|no permissions/i;
const FAR = '9007199254740991';

/** What another program may have written at our place, of any type, with an end and without. */
const PLANTS: Record<string, (client: Redis, key: string) => Promise<unknown>> = {
  string: (client, key) => client.set(key, 'foreign'),
  list: (client, key) => client.rpush(key, 'foreign'),
  set: (client, key) => client.sadd(key, 'foreign'),
  'sorted set': (client, key) => client.zadd(key, 1, 'foreign'),
  stream: (client, key) => client.xadd(key, '*', 'foreign', '1'),
  hash: (client, key) => client.hset(key, 'foreign', '1'),
  bitmap: (client, key) => client.setbit(key, 100, 1),
};

/** Values that the store never writes to a field. */
const NONSENSE = ['', 'abc', '-1', '1.5', '1e300', 'nan', 'inf', '0x10', FAR, '9007199254740993', '9'.repeat(40)];
const FIELDS = [
  'fence',
  'published',
  'purged',
  'leaseEndsAt',
  'leaseMs',
  'coolEndsAt',
  'coolProcess',
  'failures',
  'awaited',
  'invalidated',
  'error',
  'rejected',
  'replacedAt',
  'paceMs',
];

const rejectionOf = (generation: number) => ({ generation, paceMs: 1, maxPaceMs: LONG_MS, isContested: false });

// A limit for hung processes only: no assertion depends on the speed of the machine.

describe('RedisTokenStore with values that it did not write', () => {
  let server: RedisServer;
  let client: Redis;
  let namespace: string;
  let store: RedisTokenStore;
  let token: string;
  let record: string;
  const releases: (() => unknown)[] = [];

  beforeAll(async () => {
    server = await startRedis();
    client = new Redis(server.socketPath);
  });

  beforeEach(() => {
    renew();
  });

  afterEach(async () => {
    for (const release of releases.splice(0)) await release();
  });

  afterAll(async () => {
    client?.disconnect();
    await server?.stop();
  });

  function renew(): void {
    namespace = randomUUID();
    store = new RedisTokenStore(client, { namespace });
    [token, record] = new RedisNames(namespace).keys(KEY);
  }

  /** Checks that a mint works as in an empty store, and that afterwards no foreign value is left and every key expires. */
  async function mints(): Promise<void> {
    const attempt = () => ({ nonce: randomUUID(), leaseMs: LONG_MS, minTtlMs: 0 });
    expect(await store.peek(KEY)).toEqual({ isRejected: false, voidedUpTo: expect.any(Number) });
    const first = await store.acquire(KEY, attempt());
    if (first.outcome !== 'lease') throw new Error(first.outcome);
    expect((await store.acquire(KEY, attempt())).outcome).toBe('wait');
    expect(await store.renew(KEY, first.lease)).toBe(true);
    await store.fail(KEY, first.lease, { remainingMs: LONG_MS, error: 'busy' });
    expect((await store.acquire(KEY, attempt())).outcome).toBe('cooling');
    expect(await store.commit(KEY, first.lease, 'payload', LONG_MS)).toEqual({ outcome: 'stored' });
    expect((await store.peek(KEY)).token).toMatchObject({ fence: first.lease.fence, payload: 'payload' });
    expect(await store.invalidate(KEY, rejectionOf(first.lease.fence))).toBe('replaced');
    expect((await store.peek(KEY)).isRejected).toBe(true);
    const second = await store.acquire(KEY, attempt());
    if (second.outcome !== 'lease') throw new Error(second.outcome);
    expect(await store.commit(KEY, second.lease, 'payload', LONG_MS)).toEqual({ outcome: 'stored' });
    expect((await store.acquire(KEY, attempt())).outcome).toBe('hit');
    expect(await store.invalidate(KEY, rejectionOf(second.lease.fence))).toMatch(/replaced|held/);
    expect(await store.offer(KEY, second.lease.fence + 1, 'payload', LONG_MS)).toMatchObject({
      outcome: expect.stringMatching(/stored|superseded/),
    });
    for (const key of [token, record]) expect(await client.pttl(key)).toBeGreaterThan(0);
    await store.purge(KEY);
  }

  it.each(Object.keys(PLANTS))('replaces a foreign %s in the place of the token', async (type) => {
    await PLANTS[type]!(client, token);
    await mints();
  });

  it.each(Object.keys(PLANTS))('replaces a foreign %s in the place of the record', async (type) => {
    await PLANTS[type]!(client, record);
    await mints();
  });

  it.each(Object.keys(PLANTS))('purges and invalidates with a foreign %s in both places', async (type) => {
    for (const key of [token, record]) await PLANTS[type]!(client, key);
    expect(await store.invalidate(KEY, rejectionOf(1))).toBe('stale');
    await store.purge(KEY);
    await mints();
  });

  it.each(FIELDS.flatMap((field) => NONSENSE.map((value) => [field, value])))(
    'mints over a lease record whose %s is %j',
    async (field, value) => {
      await client.hset(record, { nonce: 'foreign', fence: '7', [field]: value });
      await mints();
    },
  );

  it('replaces any other foreign value', async () => {
    const text = fc.oneof(fc.constantFrom(...NONSENSE), fc.string({ unit: 'binary', maxLength: 20 }));
    const fields = fc.dictionary(fc.constantFrom(...FIELDS, 'nonce', 'other'), text, { minKeys: 1 });
    // A fence and a colon would be ours; the store does not judge the payload.
    const value = text.filter((one) => !/^\d+:/.test(one));
    const plant = fc.record({ value, fields, ends: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(plant, async ({ value, fields, ends }) => {
        renew();
        await client.set(token, value);
        await client.hset(record, fields);
        if (ends) for (const key of [token, record]) await client.pexpire(key, LONG_MS);
        await mints();
      }),
      { numRuns: 200 },
    );
  });

  it('rejects with the error of the server if it refuses a call for another reason', async () => {
    const [username, password] = [randomUUID(), randomUUID()];
    await client.call('ACL', 'SETUSER', username, 'on', `>${password}`, '~*', '&*', '+@all', '-get', '-hmget', '-hset');
    const limited = new Redis(server.socketPath, { username, password });
    releases.push(() => limited.disconnect());
    const barred = new RedisTokenStore(limited, { namespace });
    await expect(barred.peek(KEY)).rejects.toThrow(FORBIDDEN);
    await client.call('ACL', 'SETUSER', username, '+get', '+hmget');
    expect(await barred.peek(KEY)).toEqual({ isRejected: false, voidedUpTo: expect.any(Number) });
    await expect(barred.purge(KEY)).rejects.toThrow(FORBIDDEN);
  });

  it.each([
    ['no JSON', 'garbage'],
    ['an older schema', '{"token":"older","expires":1}'],
    ['sealed by somebody with a key', 'k1.c2VhbGVk'],
    ['an empty token', '{"accessToken":"","tokenType":"Bearer","expiresAt":1,"refreshWindowMs":0}'],
    ['nothing', ''],
    ['null', 'null'],
  ])('gives no token for a payload that is %s, but counts it and replaces it', async (what, payload) => {
    const source = new FakeTokenSource();
    const newService = () => {
      const service = new TokenClient({ store, integrations: { billing: { source } } });
      releases.push(() => service.close());
      return service;
    };
    const tokens = newService();
    const first = await tokens.getToken('billing');
    await tokens.purge('billing');
    const keys = await client.keys(`${namespace}:*`);
    const place = keys.find((key) => key.endsWith(':l'))!.replace(/l$/, 't');
    await client.set(place, `${first.generation}:${payload}`, 'PX', LONG_MS);
    const observer = new (class extends TokenObserver {
      override unreadable = jest.fn();
    })();
    const fresh = newService();
    fresh.observe(observer);
    const served = await Promise.all([1, 2, 3].map(() => fresh.getToken('billing')));
    expect(new Set(served.map(({ accessToken }) => accessToken))).toEqual(new Set(['fake-token-2']));
    expect(observer.unreadable).toHaveBeenCalledWith('billing');
    expect(await client.get(place)).toContain('fake-token-2');
    recordEvidence({
      promises: [2, 3],
      fault: `a payload in the store that is ${what}`,
      mints: source.calls.length - 1,
      bound: 1,
      errors: {},
      seen: 'counted as unreadable, replaced for everybody',
    });
  });
});

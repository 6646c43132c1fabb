import { randomUUID } from 'node:crypto';

import { type RedisServer, startRedis, waitFor } from '@mintonce/test-support';
import { Redis } from 'ioredis';

import { TokenConfigError } from '../core/contract/token-cache.errors.js';
import { type Lease, type Rejection } from '../core/contract/token-store.js';
import { describeTokenStore } from '../testing/token-store-contract.js';
import { documentedRights } from './redis-rights.spec-support.js';
import { RedisTokenStore } from './redis-token-store.js';

const KEY = 'key';
const LONG_MS = 60_000;

let server: RedisServer;
let client: Redis;

beforeAll(async () => {
  server = await startRedis();
  client = new Redis(server.socketPath);
});

afterAll(async () => {
  client?.disconnect();
  await server?.stop();
});

describeTokenStore('RedisTokenStore', () => {
  const namespace = randomUUID();
  return { open: () => new RedisTokenStore(client, { namespace }) };
});

describeTokenStore('RedisTokenStore on a client with a key prefix, automatic pipelines and numbers as strings', () => {
  const prefixed = new Redis(server.socketPath, {
    keyPrefix: `{${randomUUID()}`,
    enableAutoPipelining: true,
    stringNumbers: true,
    db: 3,
  });
  return { open: () => new RedisTokenStore(prefixed), dispose: () => prefixed.disconnect() };
});

describeTokenStore('RedisTokenStore of a Redis user with no more rights than it needs', async () => {
  const [username, password, namespace] = [randomUUID(), randomUUID(), randomUUID()];
  const grants = ['on', `>${password}`, `~${namespace}:*`, `&${namespace}:events`, ...documentedRights()];
  await client.call('ACL', 'SETUSER', username, ...grants);
  const limited = new Redis(server.socketPath, { username, password });
  return { open: () => new RedisTokenStore(limited, { namespace }), dispose: () => limited.disconnect() };
});

describe('RedisTokenStore', () => {
  let namespace: string;
  let store: RedisTokenStore;

  beforeEach(() => {
    namespace = randomUUID();
    store = new RedisTokenStore(client, { namespace });
  });

  afterEach(() => store.close());

  const lookUp = () => store.acquire(KEY, { nonce: randomUUID(), leaseMs: LONG_MS, minTtlMs: 0 });

  const lease = async (): Promise<Lease> => {
    const answer = await lookUp();
    if (answer.outcome !== 'lease') throw new Error(answer.outcome);
    return answer.lease;
  };

  const reject = ({ fence }: Lease, policy: Partial<Rejection> = {}) =>
    store.invalidate(KEY, { generation: fence, paceMs: LONG_MS, maxPaceMs: LONG_MS, isContested: false, ...policy });

  const keyThatEndsWith = async (suffix: string): Promise<string> => {
    const [key] = (await client.keys(`${namespace}:*`)).filter((name) => name.endsWith(suffix));
    if (!key) throw new Error(`No key ends with ${suffix}`);
    return key;
  };

  it('refuses a namespace that is empty or holds a brace', () => {
    for (const wrong of ['', '{', 'a}b', '{tag}']) {
      expect(() => new RedisTokenStore(client, { namespace: wrong })).toThrow(TokenConfigError);
      expect(() => new RedisTokenStore(client, { namespace: wrong })).toThrow(/^namespace must not/);
    }
  });

  it('begins its keys with mintonce unless another namespace is given', async () => {
    const unnamed = new RedisTokenStore(client);
    await unnamed.purge(namespace);
    const keys = (await client.keys('mintonce:*')).filter((key) => key.includes(namespace));
    expect(keys).toEqual([expect.stringMatching(/^mintonce:\{b\d\d\}:[-\w]+:l$/)]);
  });

  it('keeps namespaces apart', async () => {
    await store.commit(KEY, await lease(), 'payload', LONG_MS);
    const foreign = new RedisTokenStore(client, { namespace: `${namespace}2` });
    expect(await foreign.peek(KEY)).toEqual({ isRejected: false, voidedUpTo: expect.any(Number) });
  });

  it('gives every key an expiry', async () => {
    await store.ping();
    for (const key of ['waiting', 'cooling', 'purged', 'rejected', 'stored']) {
      const { outcome, ...answer } = await store.acquire(key, { nonce: 'a', leaseMs: LONG_MS, minTtlMs: 0 });
      if (outcome !== 'lease' || !('lease' in answer)) throw new Error(outcome);
      await store.acquire(key, { nonce: 'b', leaseMs: LONG_MS, minTtlMs: 0 });
      if (key === 'cooling') await store.fail(key, answer.lease, { remainingMs: LONG_MS, error: 'busy' });
      if (key === 'purged') await store.purge(key);
      if (key === 'stored' || key === 'rejected') await store.commit(key, answer.lease, 'payload', LONG_MS);
      const rejection = { generation: answer.lease.fence, paceMs: 1, maxPaceMs: 1, isContested: false };
      if (key === 'rejected') expect(await store.invalidate(key, rejection)).toBe('replaced');
    }
    const keys = await client.keys(`${namespace}:*`);
    const lives = await Promise.all(keys.map((key) => client.pttl(key)));
    expect(keys).toHaveLength(8);
    expect(Math.min(...lives)).toBeGreaterThan(0);
    expect(Math.max(...lives)).toBeLessThanOrEqual(25 * 60 * 60 * 1000);
  });

  it('remembers a purge of a group for longer than a token of before it can last', async () => {
    await store.purgeGroup('group');
    const keys = await client.keys(`${namespace}:*`);
    const lives = await Promise.all(keys.map((key) => client.pttl(key)));
    // A life is a timer of Node at most, and a record outlives its token by a day.
    expect(Math.min(...lives)).toBeGreaterThan(2 ** 31 + 24 * 60 * 60 * 1000 - LONG_MS);
    expect(keys).toHaveLength(64);
  });

  it('keeps a record as long as its lease or its cool-down lasts', async () => {
    const twoDaysMs = 48 * 60 * 60 * 1000;
    await store.fail(KEY, await lease(), { remainingMs: twoDaysMs, error: 'busy' });
    expect(await client.pttl(await keyThatEndsWith(':l'))).toBeGreaterThan(twoDaysMs - LONG_MS);
  });

  it('takes fences from the clock of the server, so that they rise over the loss of every record', async () => {
    const before = await lease();
    await client.del(await keyThatEndsWith(':l'));
    const after = await lease();
    const [seconds] = await client.time();
    expect(after.fence).toBeGreaterThan(before.fence);
    expect(Math.abs(after.fence / 1e6 - Number(seconds))).toBeLessThan(60);
  });

  it('grants a fence above the last one if the clock of the server was set back', async () => {
    const held = await lease();
    const future = held.fence + 3_600_000_000;
    await client.hset(await keyThatEndsWith(':l'), 'fence', future);
    await store.fail(KEY, { ...held, fence: future });
    expect((await lease()).fence).toBe(future + 1);
    await store.purge(KEY);
    expect((await lease()).fence).toBe(future + 3);
  });

  it('grants a fence above that of the token if the record was lost and the clock was set back', async () => {
    const first = await lease();
    const future = { ...first, fence: first.fence + 3_600_000_000 };
    await store.commit(KEY, future, 'payload', LONG_MS);
    await client.del(await keyThatEndsWith(':l'));
    const answer = await store.acquire(KEY, { nonce: 'refresh', leaseMs: LONG_MS, minTtlMs: LONG_MS });
    expect(answer).toMatchObject({ outcome: 'lease', lease: { fence: future.fence + 1 } });
  });

  it('stores the commit of a refresh whose record was lost', async () => {
    const old = await lease();
    await store.commit(KEY, old, 'old', LONG_MS);
    await client.del(await keyThatEndsWith(':l'));
    const late = { nonce: 'late', fence: old.fence + 1, leaseMs: 1 };
    expect(await store.commit(KEY, late, 'new', LONG_MS)).toEqual({ outcome: 'stored' });
  });

  it('wakes processes that wait although the record that says so was lost', async () => {
    const heard: string[] = [];
    let isUp = false;
    store.events.subscribe({ event: ({ type }) => heard.push(type), up: () => (isUp = true), down: () => undefined });
    await waitFor(() => isUp);
    const held = await lease();
    expect(await lookUp()).toMatchObject({ outcome: 'wait' });
    await client.del(await keyThatEndsWith(':l'));
    await store.commit(KEY, held, 'payload', LONG_MS);
    await waitFor(() => heard.includes('stored'));
  });

  it('keeps a record for as long as the pace of rejections says anything', async () => {
    const paceMs = 48 * 60 * 60 * 1000;
    const held = await lease();
    await store.commit(KEY, held, 'payload', LONG_MS);
    await reject(held, { paceMs });
    expect(await client.pttl(await keyThatEndsWith(':l'))).toBeGreaterThan(2 * paceMs - LONG_MS);
    await store.commit(KEY, await lease(), 'payload', LONG_MS);
    expect(await client.pttl(await keyThatEndsWith(':l'))).toBeGreaterThan(2 * paceMs - LONG_MS);
  });

  it('marks a token of which the lease record was lost before', async () => {
    const held = await lease();
    await store.commit(KEY, held, 'payload', LONG_MS);
    await client.del(await keyThatEndsWith(':l'));
    expect(await reject(held)).toBe('replaced');
    expect(await store.peek(KEY)).toMatchObject({ token: { fence: held.fence }, isRejected: true });
    expect(await lookUp()).toMatchObject({ outcome: 'lease', reason: 'invalidated', published: held.fence });
    expect(await client.pttl(await keyThatEndsWith(':l'))).toBeGreaterThan(0);
  });

  it('forgets the mark of a token and the pace of rejections when the lease record is lost', async () => {
    const held = await lease();
    await store.commit(KEY, held, 'payload', LONG_MS);
    await reject(held);
    await client.del(await keyThatEndsWith(':l'));
    expect(await lookUp()).toMatchObject({ outcome: 'hit', token: { fence: held.fence } });
    expect(await reject(held)).toBe('replaced');
  });

  it('keeps the pace of rejections when only the token is lost', async () => {
    const held = await lease();
    await store.commit(KEY, held, 'payload', LONG_MS);
    await reject(held);
    await client.del(await keyThatEndsWith(':t'));
    const next = await lease();
    await store.commit(KEY, next, 'payload', LONG_MS);
    expect(await reject(next)).toBe('held');
  });

  it('deletes nothing when a purge arrives later than its caller waited', async () => {
    await store.commit(KEY, await lease(), 'payload', LONG_MS);
    const late = store.purge(KEY, 50);
    // The server has told the purge the time by then, and lets it wait.
    void client.call('CLIENT', 'PAUSE', 200);
    await expect(late).rejects.toThrow('The purge reached Redis later than 50 ms and deleted nothing');
    expect(await lookUp()).toMatchObject({ outcome: 'hit' });
  });

  it('deletes nothing when a purge has waited too long for a connection', async () => {
    await store.commit(KEY, await lease(), 'payload', LONG_MS);
    void client.call('CLIENT', 'PAUSE', 200);
    await expect(store.purge(KEY, 50)).rejects.toThrow('and deleted nothing: repeat it');
    expect(await lookUp()).toMatchObject({ outcome: 'hit' });
  });

  it('hears nothing of a store of the same namespace in another database', async () => {
    const elsewhere = new Redis(server.socketPath, { db: 5 });
    const [own, foreign] = [store, new RedisTokenStore(elsewhere, { namespace })];
    try {
      const heard: number[] = [];
      let ups = 0;
      for (const one of [own, foreign]) {
        one.events.subscribe({ event: () => {}, up: () => (ups += 1), down: () => {} });
      }
      own.events.subscribe({ event: ({ fence }) => heard.push(fence), up: () => (ups += 1), down: () => {} });
      await waitFor(() => ups === 3);
      await foreign.purge(KEY);
      const fence = await own.purge(KEY);
      await waitFor(() => heard.length > 0);
      expect(heard).toEqual([fence]);
    } finally {
      await foreign.close();
      elsewhere.disconnect();
    }
  });

  it('hears of the stores in its own database, whatever its number', async () => {
    const elsewhere = new Redis(server.socketPath, { db: 5 });
    const [own, other] = [1, 2].map(() => new RedisTokenStore(elsewhere, { namespace }));
    try {
      const heard: string[] = [];
      own!.events.subscribe({ event: ({ type }) => heard.push(type), up: () => heard.push('up'), down: () => {} });
      await waitFor(() => heard.includes('up'));
      await other!.purge(KEY);
      await waitFor(() => heard.includes('purged'));
    } finally {
      await own!.close();
      elsewhere.disconnect();
    }
  });

  it('sends its scripts again if the server forgets them under traffic', async () => {
    const answers = [];
    for (let i = 0; i < 20; i++) {
      answers.push(lookUp());
      answers.push(store.peek(KEY));
      if (i % 5 === 0) answers.push(client.script('FLUSH'));
    }
    await Promise.all(answers);
    const held = await store.acquire('other', { nonce: 'a', leaseMs: LONG_MS, minTtlMs: 0 });
    await client.script('FLUSH');
    if (held.outcome !== 'lease') throw new Error(held.outcome);
    expect(await store.commit('other', held.lease, 'payload', LONG_MS)).toEqual({ outcome: 'stored' });
  });

  it.each([
    '12 no colon',
    ':no fence',
    'abc:def',
    '1e3:payload',
    '99999999999999999:payload',
    '9999999999999999:payload',
    '',
  ])('takes the value %j that it did not write for no token, and replaces it', async (value) => {
    const held = await lease();
    const key = (await keyThatEndsWith(':l')).replace(/l$/, 't');
    await client.set(key, value, 'PX', LONG_MS);
    expect(await store.peek(KEY)).toEqual({ isRejected: false, voidedUpTo: expect.any(Number) });
    expect(await store.commit(KEY, held, 'payload', LONG_MS)).toEqual({ outcome: 'stored' });
    expect((await store.peek(KEY)).token).toMatchObject({ fence: held.fence, payload: 'payload' });
  });

  it('takes a token without an expiry for no token', async () => {
    const held = await lease();
    await client.set((await keyThatEndsWith(':l')).replace(/l$/, 't'), '1:payload');
    expect(await store.peek(KEY)).toEqual({ isRejected: false, voidedUpTo: expect.any(Number) });
    expect(await store.commit(KEY, held, 'payload', LONG_MS)).toEqual({ outcome: 'stored' });
  });

  it('does not close the client that it was constructed with', async () => {
    await store.close();
    expect(await client.ping()).toBe('PONG');
  });

  it('adds no method to the client that it was constructed with', () => {
    const own = new Redis({ lazyConnect: true });
    const properties = Object.keys(own);
    const listeners = own.eventNames();
    new RedisTokenStore(own, { namespace });
    expect(Object.keys(own)).toEqual(properties);
    expect(own.eventNames()).toEqual(listeners);
  });
});

describe('RedisTokenStore on a full server', () => {
  it('still gives out the tokens it has, purges them, and says that it cannot be written to', async () => {
    const full = await startRedis({ args: ['--maxmemory-policy', 'noeviction'] });
    const own = new Redis(full.socketPath);
    try {
      const store = new RedisTokenStore(own);
      const answer = await store.acquire(KEY, { nonce: 'a', leaseMs: LONG_MS, minTtlMs: 0 });
      if (answer.outcome !== 'lease') throw new Error(answer.outcome);
      await store.commit(KEY, answer.lease, 'payload', LONG_MS);
      await store.ping();
      await own.config('SET', 'maxmemory', '1');
      expect(await store.acquire(KEY, { nonce: 'b', leaseMs: LONG_MS, minTtlMs: 0 })).toMatchObject({ outcome: 'hit' });
      expect((await store.peek(KEY)).token?.payload).toBe('payload');
      await expect(store.ping()).rejects.toThrow(/OOM/);
      await expect(store.acquire('new', { nonce: 'c', leaseMs: LONG_MS, minTtlMs: 0 })).rejects.toThrow(/OOM/);
      const rejection = { generation: answer.lease.fence, paceMs: 1, maxPaceMs: 1, isContested: false };
      await expect(store.invalidate(KEY, rejection)).rejects.toThrow(/OOM/);
      await store.purge(KEY);
      expect(await store.peek(KEY)).toEqual({ isRejected: false, voidedUpTo: expect.any(Number) });
    } finally {
      own.disconnect();
      await full.stop();
    }
  });
});

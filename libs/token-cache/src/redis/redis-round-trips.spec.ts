import { randomUUID } from 'node:crypto';

import { type RedisServer, startRedis, waitFor } from '@mintonce/test-support';
import { Redis } from 'ioredis';

import { keyIdIn } from '../core/contract/key-group.js';
import { type Lease, type TokenStore } from '../core/contract/token-store.js';
import { RedisTokenStore } from './redis-token-store.js';

const LONG_MS = 60_000;
const LEASE: Lease = { nonce: 'nonce', fence: 1, leaseMs: LONG_MS };

const CALLS: [name: string, call: (store: TokenStore) => Promise<unknown>, roundTrips: number][] = [
  ['peek', (store) => store.peek('key'), 1],
  ['acquire', (store) => store.acquire('key', { nonce: 'nonce', leaseMs: LONG_MS, minTtlMs: 0 }), 1],
  ['renew', (store) => store.renew('key', LEASE), 1],
  ['commit', (store) => store.commit('key', LEASE, 'payload', LONG_MS), 1],
  ['fail', (store) => store.fail('key', LEASE), 1],
  ['offer', (store) => store.offer('key', 1, 'payload', LONG_MS), 1],
  ['invalidate', (store) => store.invalidate('key', { generation: 1, paceMs: 1, maxPaceMs: 1, isContested: false }), 1],
  ['purge with a time limit', (store) => store.purge('key', LONG_MS), 2],
  ['purge of all keys of a group with a time limit', (store) => store.purgeGroup('group', LONG_MS), 2],
];

describe('A call of RedisTokenStore is as few round trips as ever', () => {
  let server: RedisServer;
  let client: Redis;
  let store: RedisTokenStore;
  let sent: jest.SpyInstance;

  beforeAll(async () => {
    server = await startRedis();
  });
  beforeEach(async () => {
    client = new Redis(server.socketPath);
    client.on('error', () => {});
    store = new RedisTokenStore(client, { namespace: randomUUID() });
    await store.ready();
    await client.script('FLUSH');
    sent = jest.spyOn(client, 'sendCommand');
  });
  afterEach(async () => {
    await store.close();
    client.disconnect();
  });
  afterAll(() => server?.stop());

  const names = (): string[] => sent.mock.calls.map(([{ name }]: [{ name: string }]) => name);

  it.each(CALLS)('when the server does not know the script yet: %s', async (_name, call, roundTrips) => {
    await call(store);
    expect(names()).toEqual(Array<string>(roundTrips).fill('eval'));
  });

  it.each(CALLS)('by the digest once it does: %s', async (_name, call, roundTrips) => {
    await call(store);
    sent.mockClear();
    await call(store);
    expect(names()).toEqual(Array<string>(roundTrips).fill('evalsha'));
  });

  it.each(CALLS)(
    'after the connection was lost, as to a server that is replaced: %s',
    async (_name, call, roundTrips) => {
      await call(store);
      await client.script('FLUSH');
      client.disconnect(true);
      await waitFor(() => client.status !== 'ready');
      await store.ready();
      sent.mockClear();
      await call(store);
      expect(names().filter((name) => name.startsWith('eval'))).toEqual(Array<string>(roundTrips).fill('eval'));
    },
  );

  it('but for the first one after the server forgot its scripts, from which all are sent whole', async () => {
    await store.peek('key');
    await store.renew('key', LEASE);
    await client.script('FLUSH');
    sent.mockClear();
    await store.peek('key');
    await store.renew('key', LEASE);
    expect(names()).toEqual(['evalsha', 'eval', 'eval']);
  });

  it.each([
    ['a key', 'key', 1],
    ['a key of a group', keyIdIn('twelve-bytes', 'key'), 2],
  ])('and a hit of %s is no more for the server than its reads', async (_what, keyId, gets) => {
    const attempt = { nonce: 'nonce', leaseMs: LONG_MS, minTtlMs: 0 };
    const granted = await store.acquire(keyId, attempt);
    if (granted.outcome !== 'lease') throw new Error(granted.outcome);
    await store.commit(keyId, granted.lease, 'payload', LONG_MS);
    await client.config('RESETSTAT');
    expect(await store.acquire(keyId, attempt)).toMatchObject({ outcome: 'hit', token: { payload: 'payload' } });
    expect(await callsIn(client)).toEqual({ evalsha: 1, get: gets, pttl: 1, hmget: 1 });
  });
});

/** How often the server did each command since its counters were reset. */
async function callsIn(client: Redis): Promise<Record<string, number>> {
  const counted = [...(await client.info('commandstats')).matchAll(/cmdstat_(\w+)[^:]*:calls=(\d+)/g)];
  const calls = counted.map(([, name = '', times]) => [name, Number(times)] as const);
  return Object.fromEntries(calls.filter(([name]) => name !== 'config'));
}

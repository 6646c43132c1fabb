import { randomUUID } from 'node:crypto';
import { type RedisServer, startRedis } from '@mintonce/test-support';
import { Redis } from 'ioredis';
import { keyIdIn } from '../core/contract/key-group.js';
import { type Acquired, type Lease } from '../core/contract/token-store.js';
import { RedisNames } from './redis-names.js';
import { RedisTokenStore } from './redis-token-store.js';

const KEY = 'key';
const LONG_MS = 60_000;

/** Versions before knew neither `voided`, `leaseMs`, `coolProcess` nor `groupPurge`: it leaves them as they are, or deletes all fields. */
describe('RedisTokenStore beside a process of the version before', () => {
  let server: RedisServer;
  let client: Redis;
  let store: RedisTokenStore;
  let token: string;
  let record: string;

  beforeAll(async () => {
    server = await startRedis();
    client = new Redis(server.socketPath);
  });

  beforeEach(() => {
    const namespace = randomUUID();
    store = new RedisTokenStore(client, { namespace });
    [token, record] = new RedisNames(namespace).keys(KEY);
  });

  afterAll(async () => {
    client?.disconnect();
    await server?.stop();
  });

  const acquire = (process: string) =>
    store.acquire(KEY, { nonce: randomUUID(), leaseMs: LONG_MS, minTtlMs: 0, process });

  function leaseIn(answer: Acquired): Lease {
    if (answer.outcome !== 'lease') throw new Error(answer.outcome);
    return answer.lease;
  }

  async function serverNow(): Promise<number> {
    const [seconds, us] = await client.time();
    return Number(seconds) * 1_000 + Math.floor(Number(us) / 1_000);
  }

  const older = {
    async purge(): Promise<number> {
      const fence = (await serverNow()) * 1_000 + 999;
      await client.del(token, record);
      await client.hset(record, { fence, invalidated: 1 });
      return fence;
    },
    async acquire(fence: number, leaseMs: number): Promise<void> {
      await client.hset(record, { fence, nonce: 'older', leaseEndsAt: (await serverNow()) + leaseMs });
    },
    async commit(fence: number, ttlMs: number): Promise<void> {
      await client.set(token, `${fence}:of an older process`, 'PX', ttlMs);
      await client.hset(record, { fence, published: fence });
      await client.hdel(record, 'nonce', 'leaseEndsAt', 'awaited', 'coolEndsAt', 'error', 'failures', 'invalidated');
    },
    async fail(error: string): Promise<void> {
      await client.hdel(record, 'nonce', 'leaseEndsAt', 'awaited');
      await client.hset(record, { failures: 2, coolEndsAt: (await serverNow()) + 2 * LONG_MS, error });
    },
  };

  it('waits for its lease, however long that lasts', async () => {
    const own = leaseIn(await acquire('a'));
    await store.fail(KEY, own);
    const held = leaseIn(await acquire('a'));
    await older.acquire(held.fence + 1, 10 * LONG_MS);
    expect(await acquire('a')).toMatchObject({ outcome: 'wait', leaseEndsInMs: expect.any(Number) });
  });

  it('takes its cool-down for one that binds the fleet, although one of a single process was there', async () => {
    await store.fail(KEY, leaseIn(await acquire('a')), { remainingMs: LONG_MS, error: 'of a', process: 'a' });
    leaseIn(await acquire('b'));
    await older.fail('of the fleet');
    for (const process of ['a', 'b']) {
      const answer = await acquire(process);
      expect(answer).toMatchObject({ outcome: 'cooling', cooldown: { error: 'of the fleet' } });
      expect(answer).not.toHaveProperty('cooldown.process');
    }
    expect((await store.peek(KEY)).cooldown).not.toHaveProperty('process');
  });

  it('takes what came before its purge for void', async () => {
    const own = leaseIn(await acquire('a'));
    await store.commit(KEY, own, 'payload', LONG_MS);
    const fence = await older.purge();
    expect(await store.commit(KEY, own, 'payload', LONG_MS)).toEqual({ outcome: 'voided' });
    expect(await store.offer(KEY, own.fence, 'payload', LONG_MS)).toEqual({ outcome: 'voided' });
    const answer = await acquire('a');
    const next = leaseIn(answer);
    expect(answer).toMatchObject({ voidedUpTo: fence - 1 });
    expect(await store.commit(KEY, next, 'next', LONG_MS)).toEqual({ outcome: 'stored' });
    expect(await store.commit(KEY, own, 'payload', LONG_MS)).toEqual({ outcome: 'voided' });
  });

  it('accepts the commit of a lease that was granted after its purge', async () => {
    const fence = await older.purge();
    await older.acquire(fence + 1, LONG_MS);
    const lease = { nonce: 'older', fence: fence + 1, leaseMs: LONG_MS };
    expect(await store.renew(KEY, lease)).toBe(true);
    expect(await store.commit(KEY, lease, 'payload', LONG_MS)).toEqual({ outcome: 'stored' });
  });

  it('remembers its own purge over the commit of the other', async () => {
    const own = leaseIn(await acquire('a'));
    const purged = await store.purge(KEY);
    await older.acquire(purged + 1, LONG_MS);
    await older.commit(purged + 1, LONG_MS);
    expect(await acquire('a')).toMatchObject({ outcome: 'hit', token: { payload: 'of an older process' } });
    expect(await store.commit(KEY, own, 'payload', LONG_MS)).toEqual({ outcome: 'voided' });
  });

  it('marks and replaces a token that it published', async () => {
    await older.acquire(7, LONG_MS);
    await older.commit(7, LONG_MS);
    const rejection = { generation: 7, paceMs: LONG_MS, maxPaceMs: LONG_MS, isContested: false };
    expect(await store.invalidate(KEY, rejection)).toBe('replaced');
    expect(await acquire('a')).toMatchObject({ outcome: 'lease', voidedUpTo: 7, rejected: { fence: 7 } });
  });

  describe('which knows no groups', () => {
    const GROUP = 'older-groups';
    const IN_GROUP = keyIdIn(GROUP, KEY);
    const attempt = () => ({ nonce: randomUUID(), leaseMs: LONG_MS, minTtlMs: 0 });

    it('shares one record with it', async () => {
      const lease = leaseIn(await store.acquire(IN_GROUP, attempt()));
      await store.commit(IN_GROUP, lease, 'payload', LONG_MS);
      expect(await client.get(token)).toBe(`${lease.fence}:payload`);
      expect(await store.acquire(KEY, attempt())).toMatchObject({ outcome: 'hit', token: { payload: 'payload' } });
    });

    it('takes what that wrote before a purge of the group for void, and what it wrote after as well', async () => {
      await older.acquire(7, LONG_MS);
      await older.commit(7, LONG_MS);
      const fence = await store.purgeGroup(GROUP);
      expect(await store.peek(IN_GROUP)).toMatchObject({ token: undefined, voidedUpTo: fence });
      await older.acquire(fence + 1, LONG_MS);
      await older.commit(fence + 1, LONG_MS);
      const { voidedUpTo, ...answer } = await store.acquire(IN_GROUP, attempt());
      expect(answer.outcome).toBe('lease');
      expect(voidedUpTo).toBe(fence + 2);
    });

    it('keeps to what it has written itself after a purge of the group, whoever commits next', async () => {
      await store.purgeGroup(GROUP);
      const lease = leaseIn(await store.acquire(IN_GROUP, attempt()));
      await store.commit(IN_GROUP, lease, 'payload', LONG_MS);
      await older.acquire(lease.fence + 1, LONG_MS);
      await older.commit(lease.fence + 1, LONG_MS);
      expect(await store.acquire(IN_GROUP, attempt())).toMatchObject({
        outcome: 'hit',
        token: { payload: 'of an older process' },
      });
    });
  });
});

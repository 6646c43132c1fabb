import { recordEvidence, type RedisServer, startRedis } from '@mintonce/test-support';
import { Redis } from 'ioredis';
import { type Lease } from '../core/contract/token-store.js';
import { type StoreSystem } from '../testing/model/store-system.spec-support.js';
import { redisSystem } from './redis-system.spec-support.js';

const LONG_MS = 60_000;
const HOUR_MS = 3_600_000;

describe('RedisTokenStore on a server whose clock is set', () => {
  let server: RedisServer;
  let client: Redis;
  let system: StoreSystem;

  beforeAll(async () => {
    server = await startRedis();
    client = new Redis(server.socketPath);
  });

  beforeEach(() => {
    system = redisSystem([client]);
  });

  afterEach(() => system.dispose());

  afterAll(async () => {
    client?.disconnect();
    await server?.stop();
  });

  const store = () => system.processes[0]!;

  async function lease(): Promise<Lease> {
    const attempt = { nonce: `${Math.random()}`, leaseMs: LONG_MS, minTtlMs: 10 * HOUR_MS };
    const answer = await store().acquire(system.keyId, attempt);
    if (answer.outcome !== 'lease') throw new Error(answer.outcome);
    return answer.lease;
  }

  const commit = (held: Lease) => store().commit(system.keyId, held, `token ${held.fence}`, LONG_MS);

  it('grants higher fences after the clock was set back by an hour, and refuses the older ones', async () => {
    const first = await lease();
    await commit(first);
    await system.moveClock(-HOUR_MS);
    const second = await lease();
    expect(await commit(second)).toEqual({ outcome: 'stored' });
    expect(await commit(first)).toMatchObject({ outcome: 'superseded', token: { fence: second.fence } });
    await store().purge(system.keyId);
    const third = await lease();
    expect([first, second, third].map(({ fence }) => fence)).toEqual([first.fence, first.fence + 1, first.fence + 3]);
    recordEvidence({
      promises: [1],
      fault: 'the clock of the Redis server steps back by an hour',
      seen: 'each fence is the last one and 1, across publication and purge',
    });
  });

  it.each(['token', 'record'] as const)(
    'gives out a higher fence after it stepped back and the %s was lost',
    async (part) => {
      const first = await lease();
      await commit(first);
      await system.moveClock(-HOUR_MS);
      await system.lose(part);
      const second = await lease();
      expect(second.fence).toBe(first.fence + 1);
      expect(await commit(second)).toEqual({ outcome: 'stored' });
      recordEvidence({
        promises: [1],
        fault: `the clock of the Redis server steps back by an hour and the ${part} is lost`,
        seen: 'the next fence is the last one and 1',
      });
    },
  );

  it('grants a higher fence after the loss of all keys, unless the clock is set back as well', async () => {
    const first = await lease();
    await commit(first);
    await system.lose('everything');
    const second = await lease();
    expect(second.fence).toBeGreaterThan(first.fence);
    expect(await commit(first)).toEqual({ outcome: 'superseded' });
    expect(await commit(second)).toEqual({ outcome: 'stored' });
    recordEvidence({
      promises: [1],
      fault: 'token and lease record are lost',
      seen: 'the clock of the server carries the fence over the loss, and the older one is refused',
    });
  });

  it('voids what was minted before it was set back by an hour, though that has a higher fence than the purge of the group', async () => {
    const first = await lease();
    await commit(first);
    await system.moveClock(-HOUR_MS);
    expect(await store().purgeGroup(system.group)).toBeLessThan(first.fence);
    expect(await store().peek(system.keyId)).toMatchObject({ token: undefined, voidedUpTo: first.fence + 1 });
    expect(await store().offer(system.keyId, first.fence, 'payload', LONG_MS)).toEqual({ outcome: 'voided' });
    expect((await lease()).fence).toBe(first.fence + 2);
    expect(await commit(first)).toEqual({ outcome: 'voided' });
  });

  it('ends a lease that would last for longer than it was granted for after the clock was set back', async () => {
    const dead = await lease();
    await system.moveClock(-HOUR_MS);
    const live = await lease();
    expect(live.fence).toBe(dead.fence + 1);
    expect(await store().renew(system.keyId, dead)).toBe(false);
    recordEvidence({
      promises: [4],
      fault: 'the clock of the Redis server steps back by an hour while the holder of a lease dies',
      seen: 'the next process that asks is granted the lease',
    });
  });

  it('lets the holder of such a lease renew it if nobody asked meanwhile', async () => {
    const held = await lease();
    await system.moveClock(-HOUR_MS);
    expect(await store().renew(system.keyId, held)).toBe(true);
    const attempt = { nonce: 'other', leaseMs: LONG_MS, minTtlMs: 0 };
    expect(await store().acquire(system.keyId, attempt)).toMatchObject({ outcome: 'wait' });
  });

  it('remembers a purge after the clock was set back', async () => {
    const voided = await lease();
    await store().purge(system.keyId);
    await system.moveClock(-HOUR_MS);
    await commit(await lease());
    expect(await commit(voided)).toEqual({ outcome: 'voided' });
  });

  const reject = ({ fence }: Lease) =>
    store().invalidate(system.keyId, {
      ...{ generation: fence, isContested: false },
      ...{ paceMs: HOUR_MS, maxPaceMs: 10 * HOUR_MS },
    });

  it('grants a rejection after it stepped back: a grant that lies ahead says nothing', async () => {
    const first = await lease();
    await commit(first);
    expect(await reject(first)).toBe('replaced');
    const second = await lease();
    await commit(second);
    expect(await reject(second)).toBe('held');
    await system.moveClock(-HOUR_MS);
    expect(await reject(second)).toBe('replaced');
  });

  it('still knows the mark of a rejected token after it stepped back', async () => {
    const first = await lease();
    await commit(first);
    await reject(first);
    await system.moveClock(-HOUR_MS);
    expect(await store().peek(system.keyId)).toMatchObject({ token: { fence: first.fence }, isRejected: true });
    expect(await reject(first)).toBe('stale');
  });

  it('grants one new lease after the clock was set past the end of token and record', async () => {
    const first = await lease();
    await commit(first);
    await system.moveClock(48 * HOUR_MS);
    expect(await system.kept?.()).toEqual({});
    const second = await lease();
    expect(second.fence).toBeGreaterThan(first.fence);
    expect(await commit(first)).toEqual({ outcome: 'superseded' });
    expect(await commit(second)).toEqual({ outcome: 'stored' });
  });
});

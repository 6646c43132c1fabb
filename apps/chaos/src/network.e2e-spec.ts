import { type Redis } from 'ioredis';
import { type FaultProxy, type Which } from '@mintonce/test-support';
import { expectPromises } from './expect-promises.spec-support.js';
import { type Fleet, LEASE_MS, WORKERS } from './fleet.js';
import { monotonicMs } from './monotonic.js';
import { type RedisFleet, startRedisFleet } from './redis-fleet.js';

/** The library's default. */
const STORE_TIMEOUT_MS = 500;
const HEARTBEAT_MS = 5_000;

/** Name of the store's subscriber connection. */
const events: Which = ({ opening }) => opening.includes('token-events');
const commands: Which = (connection) => !events(connection);

describe('Eight processes, each with a network of its own to Redis,', () => {
  let running: RedisFleet;
  let fleet: Fleet;
  let admin: Redis;
  let proxies: readonly FaultProxy[];

  beforeAll(async () => {
    running = await startRedisFleet({ proxied: true });
    ({ fleet, admin, proxies } = running);
    // Makes Redis load the scripts: the first call of each takes two requests, by digest and in full.
    await (await fleet.trial()).burst(1);
  });

  afterEach(() => Promise.all(proxies.map((proxy) => proxy.heal())));
  afterAll(() => running?.stop());

  const proxyOf = (worker: { name: string }): FaultProxy => proxies[Number(worker.name.slice(1))] as FaultProxy;

  /** The records that have a field. */
  async function recordsWith(field: string): Promise<string[]> {
    const records = await admin.keys('mintonce:*:l');
    const having = await Promise.all(records.map((record) => admin.hexists(record, field)));
    return records.filter((_, index) => having[index]);
  }

  it('mint once while Redis is 50 to 400 ms away, and give a token in hand without that delay', async () => {
    const trial = await fleet.trial();
    for (const proxy of proxies) proxy.suffer({ kind: 'delay', ms: 25, jitterMs: 175 });
    await trial.burst(10);
    const warmAt = monotonicMs();
    await trial.burst(10);
    const slowestMs = Math.max(...trial.answers.filter(({ askedAt }) => askedAt > warmAt).map(tookMs));
    const reports = await Promise.all(fleet.workers.map((worker) => worker.ask({ do: 'report' })));
    await expectPromises(trial, {
      promises: [1, 2],
      fault: 'every byte between the processes and Redis takes 25 to 200 ms',
      mints: 1,
      seen: `with the token in hand ${slowestMs.toFixed(1)} ms at most`,
    });
    expect(reports.filter(({ acquiredAt }) => acquiredAt > warmAt)).toEqual([]);
  });

  it('mint at most one each while Redis answers later than storeTimeoutMs', async () => {
    const trial = await fleet.trial();
    for (const proxy of proxies) proxy.suffer({ kind: 'delay', ms: STORE_TIMEOUT_MS });
    await trial.burst(10);
    for (const proxy of proxies) await proxy.heal();
    const recoveryMs = await fleet.untilStoreIsBack();
    await trial.burst(10);
    await expectPromises(trial, {
      promises: [2, 6],
      fault: 'Redis answers after 1,000 ms, storeTimeoutMs is 500',
      mints: { atMost: WORKERS },
      overlapping: WORKERS,
      recoveryMs,
    });
  });

  it('do not wait for their own lease if the reply that grants it is lost', async () => {
    const trial = await fleet.trial();
    const unlucky = fleet.worker('w2');
    const before = new Set(await recordsWith('nonce'));
    proxyOf(unlucky).suffer({ kind: 'eat-replies' }, commands);
    const own = trial.burst(10, [unlucky]);
    const [record = ''] = await found(async () => (await recordsWith('nonce')).filter((key) => !before.has(key)));
    const fence = Number(await admin.hget(record, 'fence'));
    const grantedAt = monotonicMs();
    const others = trial.burst(
      10,
      fleet.workers.filter((worker) => worker !== unlucky),
    );
    await proxyOf(unlucky).heal();
    proxyOf(unlucky).cut(commands);
    await Promise.all([own, others]);
    const recoveryMs = monotonicMs() - grantedAt;
    await expectPromises(trial, {
      promises: [1, 2, 4],
      fault: 'the reply to acquire is lost with its connection',
      mints: 1,
      recoveryMs,
    });
    expect(trial.calls[0]?.worker).toBe(unlucky.name);
    // The end of the lease would have given another one, with the next fence.
    expect(new Set(trial.generations)).toEqual(new Set([fence]));
  });

  it('recognise a commit by its fence if its reply is lost, and do not lengthen the life of the token', async () => {
    const trial = await fleet.trial();
    const release = fleet.witness.holdNext();
    const served = trial.burst(10);
    const holder = await trial.minting();
    const before = new Set(await admin.keys('mintonce:*:t'));
    proxyOf(holder).suffer({ kind: 'eat-replies' }, commands);
    release();
    const [token = ''] = await found(async () => (await admin.keys('mintonce:*:t')).filter((key) => !before.has(key)));
    const endsAt = await admin.pexpiretime(token);
    await proxyOf(holder).heal();
    proxyOf(holder).cut(commands);
    await served;
    await expectPromises(trial, {
      promises: [1, 2],
      fault: 'the reply to commit is lost with its connection',
      mints: 1,
    });
    expect(await admin.pexpiretime(token)).toBe(endsAt);
  });

  it('wake up at a commit whose event overtakes the reply that tells them to wait', async () => {
    const trial = await fleet.trial();
    const release = fleet.witness.holdNext();
    const served = trial.burst(10, [fleet.worker('w0')]);
    await trial.minting();
    const before = (await recordsWith('awaited')).length;
    const [late, punctual] = [fleet.worker('w1'), fleet.worker('w2')];
    proxyOf(late).suffer({ kind: 'stall', only: 'replies' }, commands);
    const overtaken = trial.burst(10, [late]);
    await fleet.until(async () => (await recordsWith('awaited')).length === before + 1);
    const woken = trial.burst(10, [punctual]);
    await trial.waiting(10, [punctual]);
    release();
    await Promise.all([served, woken]);
    await proxyOf(late).heal();
    const healedAt = monotonicMs();
    await overtaken;
    const recoveryMs = monotonicMs() - healedAt;
    const heldUpMs = await fleet.heldUpMs();
    await expectPromises(trial, {
      promises: [1, 2, 5],
      fault: 'the announcement of the commit overtakes the reply "wait"',
      mints: 1,
      recoveryMs,
    });
    expect(recoveryMs).toBeLessThanOrEqual(LEASE_MS / 2 + heldUpMs);
  });

  it('give waiting callers the token by the end of the lease if the event of its commit is lost', async () => {
    const trial = await fleet.trial();
    const { holder, served, release } = await trial.midMint();
    for (const proxy of proxies) if (proxy !== proxyOf(holder)) proxy.suffer({ kind: 'stall' }, events);
    const stalledAt = monotonicMs();
    release();
    await served;
    const recoveryMs = monotonicMs() - stalledAt;
    const heldUpMs = await fleet.heldUpMs();
    await expectPromises(trial, {
      promises: [2, 5],
      fault: 'the subscriber connections of all but the holder go silent in mid-mint',
      mints: 1,
      recoveryMs,
    });
    expect(recoveryMs).toBeLessThanOrEqual(LEASE_MS + STORE_TIMEOUT_MS + heldUpMs);
  });

  it('learn of an invalidation within two heartbeats if a half-open subscriber connection loses its event', async () => {
    const trial = await fleet.trial();
    await trial.burst(2);
    const deaf = fleet.worker('w4');
    proxyOf(deaf).halfOpen(events);
    const told = fleet.worker('w5');
    await told.ask({ do: 'invalidate', key: trial.key, times: 1 });
    const invalidatedAt = monotonicMs();
    await trial.load(50);
    await fleet.until(() =>
      trial.answers.some(({ worker, token }) => worker === deaf.name && token === trial.calls[1]?.token),
    );
    const recoveryMs = monotonicMs() - invalidatedAt;
    const heldUpMs = await fleet.heldUpMs();
    await expectPromises(trial, {
      promises: [2, 3],
      fault: 'an invalidation while the subscriber connection of one process is half-open',
      mints: 2,
      recoveryMs,
    });
    expect(recoveryMs).toBeLessThanOrEqual(2 * HEARTBEAT_MS + heldUpMs);
  });

  it('reconnect to Redis by themselves if a connection is half-open', async () => {
    const trial = await fleet.trial();
    await trial.burst(2);
    const unlucky = fleet.worker('w1');
    proxyOf(unlucky).halfOpen(commands);
    const brokenAt = monotonicMs();
    await trial.load(50);
    await fleet.untilStoreIsBack([unlucky]);
    const recoveryMs = monotonicMs() - brokenAt;
    await expectPromises(trial, {
      promises: [2, 6],
      fault: 'the command connection of one process is half-open',
      mints: 1,
      recoveryMs,
    });
  });

  it('mint one token for each process that is cut off, and one for all others', async () => {
    const trial = await fleet.trial();
    const cutOff = proxies.slice(0, 3);
    for (const proxy of cutOff) proxy.suffer({ kind: 'stall' });
    await trial.burst(10);
    for (const proxy of cutOff) await proxy.heal();
    const recoveryMs = await fleet.untilStoreIsBack();
    await trial.burst(10);
    await expectPromises(trial, {
      promises: [1, 2, 6],
      fault: 'three of eight processes are cut off from Redis (nothing comes through), and back again',
      mints: 1 + cutOff.length,
      overlapping: 1 + cutOff.length,
      recoveryMs,
    });
  });

  it.each(['requests', 'replies'] as const)(
    'mint one more token for a process whose %s alone are cut off',
    async (only) => {
      const trial = await fleet.trial();
      const [proxy] = proxies;
      proxy?.suffer({ kind: 'stall', only });
      await trial.burst(10, fleet.workers.slice(0, 1));
      await proxy?.heal();
      const healedAt = monotonicMs();
      await trial.burst(10);
      await fleet.untilStoreIsBack();
      const recoveryMs = monotonicMs() - healedAt;
      await trial.burst(10);
      await expectPromises(trial, {
        promises: [1, 2, 6],
        fault: `only the ${only} of one process are cut off`,
        mints: { atMost: 2 },
        overlapping: 2,
        recoveryMs,
      });
    },
  );

  it('serve every caller while all connections are cut ten times', async () => {
    const trial = await fleet.trial();
    await trial.load(10);
    for (let times = 0; times < 10; times++) {
      await trial.served(2);
      for (const proxy of proxies) proxy.cut();
    }
    await fleet.untilStoreIsBack();
    await expectPromises(trial, {
      promises: [2, 3, 6],
      fault: 'all connections are reset, ten times',
      mints: { atMost: WORKERS },
      overlapping: WORKERS,
    });
  });

  it('serve every caller while half of the connections are refused', async () => {
    const trial = await fleet.trial();
    for (const proxy of proxies.slice(0, 4)) {
      proxy.refuse();
      proxy.cut();
    }
    await trial.burst(10);
    for (const proxy of proxies) await proxy.heal();
    const recoveryMs = await fleet.untilStoreIsBack();
    await trial.burst(10);
    await expectPromises(trial, {
      promises: [1, 2, 6],
      fault: 'four of eight processes are refused by Redis (ECONNREFUSED)',
      mints: { atMost: 5 },
      overlapping: 5,
      recoveryMs,
    });
  });

  async function found<T>(search: () => Promise<readonly T[]>): Promise<readonly T[]> {
    let result: readonly T[] = [];
    await fleet.until(async () => (result = await search()).length > 0);
    return result;
  }
});

function tookMs({ askedAt, answeredAt }: { askedAt: number; answeredAt: number }): number {
  return answeredAt - askedAt;
}

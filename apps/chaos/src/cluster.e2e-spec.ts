import { type RedisCluster, type RedisServer, waitFor } from '@mintonce/test-support';
import { type ClusterFleet, startClusterFleet } from './cluster-fleet.js';
import { expectPromises, expectPromisesToAll } from './expect-promises.spec-support.js';
import { expectOneMintForEachPurge } from './expect-purges.spec-support.js';
import { type Fleet, WORKERS } from './fleet.js';
import { keyOfToken } from './lost-token.js';
import { monotonicMs } from './monotonic.js';
import { replaced, subscribers } from './replaced-master.js';
import { openTenants, slotOfNext, type Tenant } from './tenants.js';
import { type MidMint } from './trial.js';
import { type WorkerProcess } from './worker-process.js';

const TENANTS = 12;

describe('Eight processes on a cluster of three masters and three replicas', () => {
  let running: ClusterFleet;
  let fleet: Fleet;
  let cluster: RedisCluster;

  beforeAll(async () => {
    // The near cache is off, so that every call meets the fault.
    running = await startClusterFleet({ options: { nearCache: false } });
    ({ fleet, cluster } = running);
  });

  afterEach(() => cluster.recover());

  afterAll(() => running?.stop());

  it('mint once for each purge under load, by any process', () => expectOneMintForEachPurge(fleet));

  it('serve every tenant without a mint while the master of some is killed and replaced', async () => {
    const tenants = await openTenants(fleet, cluster, TENANTS);
    const slot = slotOfFirst(tenants);
    await cluster.replicated(slot);
    await loadAll(tenants);
    const killed = await cluster.killMasterOf(slot);
    const { promotedMs, recoveryMs } = await replaced(fleet, cluster.promoted(slot, killed));
    await servedAll(tenants);
    await expectPromisesToAll(tenants, {
      promises: [2, 3, 6],
      fault: 'a master of the cluster is killed; its replica has everything',
      mints: { atMost: TENANTS },
      recoveryMs,
      seen: `a new master after ${promotedMs} ms`,
    });
  });

  it('give every caller a token if the master of the key is killed during the mint', async () => {
    const trial = await fleet.trial();
    let mint: MidMint | undefined;
    const slot = await slotOfNext(cluster, async () => (mint = await trial.midMint()));
    await cluster.replicated(slot);
    const killed = await cluster.killMasterOf(slot);
    await cluster.promoted(slot, killed);
    mint?.release();
    await mint?.served;
    const { recoveryMs } = await replaced(fleet, cluster.promoted(slot, killed));
    await trial.burst(10);
    await expectPromises(trial, {
      promises: [1, 2, 6],
      fault: 'the master of the key is killed in mid-mint',
      mints: { atMost: WORKERS },
      overlapping: WORKERS,
      recoveryMs,
    });
  });

  it('serve every tenant without a mint or an error during an orderly failover', async () => {
    const tenants = await openTenants(fleet, cluster, TENANTS);
    const slot = slotOfFirst(tenants);
    await loadAll(tenants);
    const previous = await cluster.masterOf(slot);
    await cluster.failover(slot);
    const { recoveryMs } = await replaced(fleet, cluster.promoted(slot, previous));
    await servedAll(tenants);
    await expectPromisesToAll(tenants, {
      promises: [2, 3],
      fault: 'CLUSTER FAILOVER under load',
      mints: { atMost: TENANTS },
      recoveryMs,
    });
  });

  it('serve a tenant without a mint while token and record are on two masters', async () => {
    const tenants = await openTenants(fleet, cluster, 1);
    const [{ trial, slot }] = tenants as [Tenant];
    await trial.load(50);
    const migration = await cluster.startMigration(slot, await anotherMaster(slot));
    await trial.served(5);
    const [first = ''] = await migration.keys();
    await migration.moveKeys(first);
    await trial.served(5);
    await migration.finish();
    await fleet.untilStoreIsBack();
    await trial.served(5);
    expect(await mastersWithKeysOf(slot)).toHaveLength(1);
    await expectPromises(trial, {
      promises: [2, 3],
      fault: 'a slot moves to another master, and one of its two keys before the other',
      mints: 1,
    });
  });

  it('mint at most one token each for a new key while its slot migrates, and share one afterwards', async () => {
    const { trial, slot } = await unknownKey();
    const migration = await cluster.startMigration(slot, await anotherMaster(slot));
    await trial.burst(10);
    await trial.load(50);
    await migration.finish();
    const finishedAt = monotonicMs();
    await fleet.until(async () => (await keysOf(slot)).some((key) => key.endsWith(':t')));
    const recoveryMs = monotonicMs() - finishedAt;
    await fleet.untilStoreIsBack();
    await trial.served(5);
    await expectPromises(trial, {
      promises: [2, 3, 6],
      fault: 'a key that nobody has a token for, while its slot moves to another master',
      mints: { atMost: 1 + WORKERS },
      overlapping: WORKERS,
      recoveryMs,
      seen: 'scripts of two keys are answered with TRYAGAIN as long as not both are there',
    });
  });

  it('serve every tenant while a third of their slots moves to another master', async () => {
    const tenants = await openTenants(fleet, cluster, TENANTS);
    const from = await cluster.masterOf(slotOfFirst(tenants));
    const to = await anotherMaster(slotOfFirst(tenants));
    await loadAll(tenants);
    const slots = new Set(
      await Promise.all((await cluster.admin(from).keys('mintonce:{*')).map((key) => cluster.slotOf(key))),
    );
    for (const slot of slots) await cluster.migrateSlot(slot, to);
    await servedAll(tenants);
    await expectPromisesToAll(tenants, {
      promises: [2, 3],
      fault: `${slots.size} slots move to another master under load`,
      mints: { atMost: TENANTS },
    });
  });

  it('use the new master after the master of some tenants has frozen and been replaced', async () => {
    const tenants = await openTenants(fleet, cluster, TENANTS);
    const slot = slotOfFirst(tenants);
    await cluster.replicated(slot);
    await loadAll(tenants);
    const frozen = await cluster.masterOf(slot);
    frozen.pause();
    const { promotedMs, recoveryMs } = await replaced(fleet, cluster.promoted(slot, frozen));
    await servedAll(tenants);
    frozen.resume();
    await cluster.settled();
    await fleet.untilStoreIsBack();
    await servedAll(tenants);
    await expectPromisesToAll(tenants, {
      promises: [1, 2, 3, 6],
      fault: 'a master of the cluster freezes, is replaced, and wakes up again',
      mints: { atMost: TENANTS },
      recoveryMs,
      seen: `a new master after ${promotedMs} ms`,
    });
  });

  it('serve the tokens in hand while most of the cluster is down, and recover without a restart', async () => {
    const tenants = await openTenants(fleet, cluster, TENANTS);
    await loadAll(tenants);
    const survivor = await cluster.masterOf(slotOfFirst(tenants));
    for (const server of cluster.servers) if (server !== survivor) server.pause();
    await servedAll(tenants, 12);
    const healedAt = monotonicMs();
    for (const server of cluster.servers) server.resume();
    await cluster.settled();
    await fleet.untilStoreIsBack();
    const recoveryMs = monotonicMs() - healedAt;
    await servedAll(tenants);
    await expectPromisesToAll(tenants, {
      promises: [2, 3, 6],
      fault: 'five of six servers freeze for a while',
      mints: { atMost: TENANTS },
      recoveryMs,
    });
  });

  it('mint at most one token each for a new key while most of the cluster is down', async () => {
    const trial = await fleet.trial();
    const [survivor] = (await cluster.masters()) as [RedisServer];
    for (const server of cluster.servers) if (server !== survivor) server.pause();
    const isDown = async (): Promise<boolean> =>
      /cluster_state:fail/.test(await cluster.admin(survivor).cluster('INFO'));
    await fleet.until(isDown);
    await trial.burst(10);
    await trial.load(50);
    await trial.served(20);
    await cluster.recover();
    const recoveryMs = await fleet.untilStoreIsBack();
    await trial.served(5);
    await expectPromises(trial, {
      promises: [2, 3, 6],
      fault: 'a key that nobody has a token for, while five of six servers are frozen',
      mints: { atMost: WORKERS },
      overlapping: WORKERS,
      recoveryMs,
    });
  });

  it('share the token in hand with a new master of its slot that has lost it', async () => {
    const trial = await fleet.trial();
    await cluster.cutReplication();
    const slot = await slotOfNext(cluster, () => trial.burst(2));
    const key = await keyOfToken(cluster.admin(await cluster.masterOf(slot)), trial.generations[0]);
    await trial.load(50);
    const killed = await cluster.killMasterOf(slot);
    await cluster.mendReplication();
    const { recoveryMs } = await replaced(fleet, cluster.promoted(slot, killed));
    // By commit of a process that is granted the lease, or by an offer of one that is told to wait.
    await fleet.until(async () => (await cluster.admin(await cluster.masterOf(slot)).exists(key)) === 1);
    await expectPromises(trial, {
      promises: [1, 2, 3],
      fault: 'a failover of the cluster that loses lease and token',
      mints: 1,
      recoveryMs,
      seen: 'the new master has the token',
    });
  });

  it('receive a purge in every process after the server of their subscriber connections has ended', async () => {
    const trial = await fleet.trial();
    await trial.burst(2);
    await trial.load(50);
    const busiest = await waitFor(mostHeard);
    await cluster.kill(busiest);
    const killedAt = monotonicMs();
    const others = cluster.servers.filter((one) => one !== busiest).map((server) => cluster.admin(server));
    await fleet.until(async () => (await subscribers(others)) >= WORKERS);
    const heardMs = monotonicMs() - killedAt;
    await trial.inTouch();
    await trial.replaceByPurge();
    await expectPromises(trial, {
      promises: [2, 3],
      fault: 'the server is killed that most processes hear events from',
      mints: { atMost: 1 + trial.purges },
      seen: `events arrive everywhere after ${Math.round(heardMs)} ms`,
    });
  });

  async function anotherMaster(slot: number): Promise<RedisServer> {
    const own = await cluster.masterOf(slot);
    const other = (await cluster.masters()).find((master) => master !== own);
    if (!other) throw new Error('There is one master only');
    return other;
  }

  /** A key whose slot is known to the test, but to no process and no server: the process that asked for it has been replaced. */
  async function unknownKey(): Promise<Tenant> {
    const trial = await fleet.trial();
    const [worker] = fleet.workers as [WorkerProcess];
    const slot = await slotOfNext(cluster, () => trial.burst(1, [worker]));
    await worker.stop();
    await cluster.admin(await cluster.masterOf(slot)).del(...(await keysOf(slot)));
    await cluster.replicated(slot);
    await worker.start();
    await fleet.untilStoreIsBack();
    return { trial, slot };
  }

  async function keysOf(slot: number): Promise<string[]> {
    const master = cluster.admin(await cluster.masterOf(slot));
    return (await master.call('CLUSTER', 'GETKEYSINSLOT', String(slot), '1000')) as string[];
  }

  async function mastersWithKeysOf(slot: number): Promise<RedisServer[]> {
    const masters = await cluster.masters();
    const counts = await Promise.all(
      masters.map((master) => cluster.admin(master).call('CLUSTER', 'COUNTKEYSINSLOT', String(slot))),
    );
    return masters.filter((_, index) => Number(counts[index]) > 0);
  }

  async function mostHeard(): Promise<RedisServer> {
    const counts = await Promise.all(cluster.servers.map((server) => subscribers([cluster.admin(server)])));
    return cluster.servers[counts.indexOf(Math.max(...counts))] as RedisServer;
  }
});

function slotOfFirst([first]: readonly Tenant[]): number {
  if (!first) throw new Error('There are no tenants');
  return first.slot;
}

async function loadAll(tenants: readonly Tenant[]): Promise<void> {
  await Promise.all(tenants.map(({ trial }) => trial.load(250)));
}

async function servedAll(tenants: readonly Tenant[], times = 3): Promise<void> {
  await Promise.all(tenants.map(({ trial }) => trial.served(times)));
}

import { type RedisCluster, startCluster } from './redis-cluster.js';

describe('startCluster', () => {
  let cluster: RedisCluster;

  beforeAll(async () => (cluster = await startCluster()));
  afterAll(() => cluster?.stop());

  it('starts masters that share the slots, each with a replica', async () => {
    const masters = await cluster.masters();
    expect(masters).toHaveLength(3);
    for (const master of masters) await expect(cluster.replicasOf(master)).resolves.toHaveLength(1);
    const slot = await cluster.slotOf('{tag}key');
    await cluster.admin(await cluster.masterOf(slot)).set('{tag}key', 'value');
    await cluster.replicated(slot);
  });

  it('moves a slot a key at a time: first those that have moved are elsewhere, then the slot is', async () => {
    const slot = await cluster.slotOf('{tag}key');
    const from = await cluster.masterOf(slot);
    const to = (await cluster.masters()).find((master) => master !== from);
    if (!to) throw new Error('There is one master only');
    await cluster.admin(from).set('{tag}other', 'value');
    const migration = await cluster.startMigration(slot, to);
    await expect(migration.keys()).resolves.toHaveLength(2);
    await migration.moveKeys('{tag}key');
    await expect(cluster.admin(from).get('{tag}key')).rejects.toThrow(`ASK ${slot} 127.0.0.1:${to.port}`);
    await expect(cluster.admin(from).get('{tag}other')).resolves.toBe('value');
    await expect(cluster.admin(from).mget('{tag}key', '{tag}other')).rejects.toThrow(/TRYAGAIN|ASK/);
    await migration.finish();
    await cluster.settled();
    await expect(cluster.masterOf(slot)).resolves.toBe(to);
    await expect(cluster.admin(to).mget('{tag}key', '{tag}other')).resolves.toEqual(['value', 'value']);
  });

  it('fails over at an operator’s command, and the old master becomes a replica', async () => {
    const slot = await cluster.slotOf('{tag}key');
    const previous = await cluster.masterOf(slot);
    const master = await cluster.failover(slot);
    expect(master).not.toBe(previous);
    await cluster.settled();
    await expect(cluster.replicasOf(master)).resolves.toEqual([previous]);
  });

  it('replaces a master that was killed by a replica which lacks what it could not be told', async () => {
    const slot = await cluster.slotOf('{tag}key');
    await cluster.cutReplication();
    await cluster.admin(await cluster.masterOf(slot)).set('{tag}key', 'lost');
    const killed = await cluster.killMasterOf(slot);
    const promoted = await cluster.promoted(slot, killed);
    await expect(cluster.admin(promoted).get('{tag}key')).resolves.toBe('value');
    await cluster.recover();
    await expect(cluster.masterOf(slot)).resolves.toBe(promoted);
  });
});

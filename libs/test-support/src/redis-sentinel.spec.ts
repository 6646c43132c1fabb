import { type RedisSentinel, startSentinel } from './redis-sentinel.js';

describe('startSentinel', () => {
  let rig: RedisSentinel;

  beforeAll(async () => (rig = await startSentinel({ replicas: 2 })));
  afterAll(() => rig?.stop());

  it('starts a master, its replicas, and Sentinels that agree on them', async () => {
    expect(rig.ports).toHaveLength(3);
    const [master, replicas] = [await rig.master(), await rig.replicas()];
    expect(replicas).toHaveLength(2);
    await rig.admin(master).set('key', 'value');
    await rig.replicated();
    await expect(Promise.all(replicas.map((one) => rig.admin(one).get('key')))).resolves.toEqual(['value', 'value']);
  });

  it('fails over at an operator’s command, and the old master becomes a replica', async () => {
    const previous = await rig.master();
    const master = await rig.failover();
    expect(master).not.toBe(previous);
    await rig.settled();
    await expect(rig.replicas()).resolves.toContain(previous);
    await expect(rig.admin(master).get('key')).resolves.toBe('value');
  });

  it('replaces a master that was killed by a replica which lacks what it could not be told', async () => {
    const master = rig.admin(await rig.master());
    await rig.cutReplication();
    await master.set('key', 'lost');
    const killed = await rig.killMaster();
    await rig.mendReplication();
    const promoted = await rig.promoted(killed);
    await expect(rig.admin(promoted).get('key')).resolves.toBe('value');
    await rig.recover();
    await expect(rig.replicas()).resolves.toContain(killed);
  });

  it('replaces a master that is only paused', async () => {
    const paused = await rig.master();
    paused.pause();
    await expect(rig.promoted(paused)).resolves.not.toBe(paused);
    await rig.recover();
    await expect(rig.replicas()).resolves.toContain(paused);
  });
});

import { rmSync } from 'node:fs';
import { startRedis, waitFor } from '@mintonce/test-support';
import { gatewayRig, type GatewayRig, type RunningGateway } from '../test/running-gateway.js';

/** Only a changed secret ends such a cool-down within a test. */
const LONG = { policy: { cooldown: { rejectedMs: 3_600_000 } } };

describe('A client secret in a file', () => {
  let rig: GatewayRig;

  beforeEach(async () => {
    rig = await gatewayRig();
  });
  afterEach(() => rig.stop());

  it('that was refused and is replaced takes effect in a second, without a restart', async () => {
    rig.idp.secret = 'n3w';
    const gateway = await rig.start(LONG);
    expect(await gateway.call()).toBe(502);
    expect(await gateway.call()).toBe(502);
    expect(rig.idp.seen).toHaveLength(1);
    rig.file('secret', 'n3w\n');

    await waitFor(async () => (await gateway.call()) === 200);
    expect(rig.idp.seen).toHaveLength(2);
  });

  it('that is replaced once more in vain is watched again', async () => {
    rig.idp.secret = 'third';
    const gateway = await rig.start(LONG);
    await gateway.call();
    rig.file('secret', 'second\r\n');
    await waitFor(async () => (await gateway.call()) === 502 && rig.idp.seen.length === 2);
    rig.file('secret', '\ufeffthird');

    await waitFor(async () => (await gateway.call()) === 200);
    expect(rig.idp.seen).toHaveLength(3);
  });

  it.each([
    ['is gone', (rig: GatewayRig) => rmSync(rig.path('secret'))],
    ['is empty', (rig: GatewayRig) => void rig.file('secret', '')],
    ['got a line break', (rig: GatewayRig) => void rig.file('secret', 's3cret\n\n')],
  ])('that was refused and %s has not been replaced', async (_what, change) => {
    rig.idp.secret = 'n3w';
    const gateway = await rig.start(LONG);
    await gateway.call();
    change(rig);
    const looksAt = performance.now() + 2_500;
    await waitFor(async () => (await gateway.call()) === 502 && performance.now() > looksAt);
    expect(rig.idp.seen).toHaveLength(1);
    rig.file('secret', 'n3w');

    await waitFor(async () => (await gateway.call()) === 200);
  });

  it('that was refused in two gateways takes effect in both of them and in a third, with one token for all', async () => {
    const redis = await startRedis();
    try {
      rig.idp.secret = 'n3w';
      const gateways: RunningGateway[] = [];
      for (let i = 0; i < 3; i++) gateways.push(await rig.start(LONG, { REDIS_URL: redis.url }));
      for (const gateway of gateways) expect(await gateway.call()).toBe(502);
      // The second refusal binds the fleet.
      expect(rig.idp.seen).toHaveLength(2);
      rig.file('secret', 'n3w');
      await waitFor(async () => {
        const statuses = await Promise.all(gateways.map((gateway) => gateway.call()));
        return statuses.every((status) => status === 200);
      });

      expect(new Set(rig.upstream.seen.slice(-3).map(({ headers }) => headers.authorization)).size).toBe(1);
      // A purge of the second gateway may void the mint that the first one's purge allowed.
      expect(rig.idp.seen.length).toBeLessThanOrEqual(4);
    } finally {
      await rig.stop();
      await redis.stop();
    }
  });

  it('costs no mint when it is rotated, and the next mint is made with the new one', async () => {
    rig.idp.secret = 's3cret';
    const gateway = await rig.start();
    await gateway.call();
    rig.file('secret', 'n3w');
    rig.idp.secret = 'n3w';
    expect(await gateway.call()).toBe(200);
    expect(rig.idp.seen).toHaveLength(1);
    await fetch(`${gateway.url}/api/integrations/billing/purge`, { method: 'POST' });

    expect(await gateway.call()).toBe(200);
    expect(rig.idp.seen).toHaveLength(2);
  });

  it('that is rotated while requests run fails none of them', async () => {
    rig.idp.secret = 'v0';
    rig.file('secret', 'v0');
    const gateway = await rig.start();
    const statuses = new Set<number>();
    let isOver = false;
    const callers = Array.from({ length: 4 }, async () => {
      while (!isOver) statuses.add(await gateway.call());
    });
    for (let version = 1; version <= 10; version++) {
      // A mint that is on its way with the old secret is refused.
      rig.idp.secret = `v${version}`;
      const purged = fetch(`${gateway.url}/api/integrations/billing/purge`, { method: 'POST' });
      rig.file('secret', `v${version}\n`);
      await purged;
      const known = rig.upstream.seen.length;
      await waitFor(() => rig.upstream.seen.length > known + 4);
    }
    isOver = true;
    await Promise.all(callers);

    expect([...statuses]).toEqual([200]);
  });
});

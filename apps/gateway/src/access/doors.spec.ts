import { guardedGateway, type GuardedGateway } from '../test/guarded-gateway.js';
import { rawRequest } from '../test/raw-request.js';
import { makeKey } from './make-key.js';

const SHOP = makeKey();
const OPERATOR = makeKey();
const ACCESS = {
  apiKeys: [
    { id: 'shop', sha256: SHOP.sha256, integrations: ['billing'] },
    { id: 'operator', sha256: OPERATOR.sha256, integrations: ['*'], purge: true },
  ],
};
const REACHABLE = { host: '0.0.0.0', port: 9400 };
const PURGE = '/api/integrations/billing/purge';

describe('The doors of a gateway', () => {
  let gateway: GuardedGateway;
  afterEach(() => gateway?.stop());

  type Door = 'main' | 'operations';
  async function status(door: Door, method: string, target: string, ...fields: string[]): Promise<number> {
    const port = door === 'main' ? gateway.port : gateway.operationsPort;
    const host = fields.some((field) => field.startsWith('Host:')) ? [] : [`Host: 127.0.0.1:${port}`];
    const lines = [`${method} ${target} HTTP/1.1`, ...host, 'Connection: close', 'Content-Length: 0', ...fields];
    return (await rawRequest(port, lines)).status;
  }
  async function statuses(door: Door, ...fields: string[]): Promise<Record<string, number>> {
    const found: Record<string, number> = {};
    for (const target of ['/health/live', '/health/ready', '/health', '/metrics', '/api/integrations', '/gone'])
      found[target] = await status(door, 'GET', target, ...fields);
    found['/proxy'] = await status(door, 'GET', '/proxy/billing/x', ...fields);
    found['purge'] = await status(door, 'POST', PURGE, ...fields);
    return found;
  }
  const bearer = (key: string) => `Authorization: Bearer ${key}`;
  const OPEN = { '/health/live': 200, '/health/ready': 200 };
  const READS = { '/health': 200, '/metrics': 200, '/api/integrations': 200, '/gone': 404 };
  const SHUT = { '/health': 401, '/metrics': 401, '/api/integrations': 401, '/gone': 401, '/proxy': 401, purge: 401 };

  it('are one that this machine may use for everything, without access', async () => {
    gateway = await guardedGateway({});

    expect(await statuses('main')).toEqual({ ...OPEN, ...READS, '/proxy': 200, purge: 204 });
  });

  it('serve monitoring and operators apart from callers', async () => {
    gateway = await guardedGateway({ access: ACCESS, operations: REACHABLE });

    expect(await statuses('main')).toEqual({ ...OPEN, ...SHUT });
    expect(await statuses('operations')).toEqual({ ...OPEN, ...READS, '/proxy': 404, purge: 401 });
  });

  it('let nobody use an integration at the one for operations, whatever the credential', async () => {
    gateway = await guardedGateway({ access: ACCESS, operations: REACHABLE });

    for (const target of [
      '/proxy/billing/x',
      '/proxy/nobody/x',
      '/%70roxy/billing/x',
      '/proxy/',
      '//proxy/billing/x',
    ]) {
      expect([400, 404]).toContain(await status('operations', 'GET', target, bearer(OPERATOR.key)));
    }
    expect(gateway.upstream.seen).toEqual([]);
    expect(gateway.idp.seen).toEqual([]);
  });

  it('let a caller purge at the one for operations only if that is granted', async () => {
    gateway = await guardedGateway({ access: ACCESS, operations: REACHABLE });

    expect(await status('operations', 'POST', PURGE, bearer(SHOP.key))).toBe(403);
    expect(await status('operations', 'POST', `${PURGE}?all=true`, bearer(SHOP.key))).toBe(403);
    expect(await status('operations', 'POST', PURGE, bearer(OPERATOR.key))).toBe(204);
    expect(gateway.auditLines).toEqual([
      expect.objectContaining({ audit: 'refused', door: 'operations', caller: 'shop' }),
      expect.objectContaining({ audit: 'refused', door: 'operations', caller: 'shop' }),
      expect.objectContaining({ audit: 'purged', door: 'operations', caller: 'operator' }),
    ]);
  });

  it('let this machine purge at the one for operations on loopback', async () => {
    gateway = await guardedGateway({ access: ACCESS, operations: { port: 9400 } });

    expect(await statuses('operations')).toEqual({ ...OPEN, ...READS, '/proxy': 404, purge: 204 });
  });

  it('let nobody purge at the one for operations beyond loopback, if no callers are known', async () => {
    gateway = await guardedGateway({ operations: REACHABLE });

    expect(await statuses('operations')).toEqual({ ...OPEN, ...READS, '/proxy': 404, purge: 403 });
    expect(await statuses('main')).toEqual({ ...OPEN, ...READS, '/proxy': 200, purge: 204 });
  });

  it.each(['10.0.0.7:9400', '[2001:db8::1]:9400', '192.0.2.1', 'gateway.example:9400', 'localhost'])(
    'answer beyond loopback to the host %s',
    async (host) => {
      gateway = await guardedGateway({ access: ACCESS, operations: REACHABLE, listen: { hosts: ['Gateway.example'] } });

      expect(await status('operations', 'GET', '/health/ready', `Host: ${host}`)).toBe(200);
    },
  );

  it.each(['evil.example', '2130706433', '0x7f000001', '10.0.0.7.evil.example', '127.0.0.1.nip.io'])(
    'answer to no host %s, whose name may lead anywhere',
    async (host) => {
      gateway = await guardedGateway({ access: ACCESS, operations: REACHABLE, listen: { hosts: ['gateway.example'] } });

      expect(await status('operations', 'GET', '/health/ready', `Host: ${host}`)).toBe(421);
      expect(await status('main', 'GET', '/proxy/billing/x', `Host: ${host}`, bearer(SHOP.key))).toBe(421);
    },
  );

  it('answer on loopback to no address of another machine', async () => {
    gateway = await guardedGateway({ access: ACCESS, operations: REACHABLE });

    expect(await status('main', 'GET', '/health/ready', 'Host: 10.0.0.7')).toBe(421);
  });

  it('refuse web pages of other origins', async () => {
    gateway = await guardedGateway({ access: ACCESS, operations: REACHABLE });

    for (const door of ['main', 'operations'] as const) {
      expect(await status(door, 'GET', '/health/ready', 'Sec-Fetch-Site: cross-site')).toBe(403);
      expect(await status(door, 'GET', '/proxy/billing/x', 'Origin: https://a.example', bearer(SHOP.key))).toBe(403);
    }
    expect(gateway.upstream.seen).toEqual([]);
  });

  it('close together', async () => {
    gateway = await guardedGateway({ operations: REACHABLE });
    await gateway.stop();

    await expect(fetch(`${gateway.operationsUrl}/health/live`)).rejects.toThrow();
    await expect(fetch(`${gateway.url}/health/live`)).rejects.toThrow();
  });
});

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TLSSocket } from 'node:tls';
import {
  freePort,
  recordEvidence,
  selfSignedCertificate,
  startNode,
  temporaryDirectory,
  type TemporaryDirectory,
  waitFor,
} from '@mintonce/test-support';
import { type Fleet, ROOT, startFleet, WORKERS } from './fleet.js';
import { sendSteadily } from './load.js';

const MAIN = join(ROOT, 'apps/gateway/dist/main.js');

function makeKey(): { key: string; sha256: string } {
  const printed = execFileSync(process.execPath, [MAIN, 'make-key'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [, key = '', sha256 = ''] = /^key: (\S+)\nsha256: (\S+)\n$/.exec(printed) ?? [];
  return { key, sha256 };
}

describe('The gateway under PM2 on all addresses, with access and a door for operations', () => {
  const shop = makeKey();
  const operator = makeKey();
  let directory: TemporaryDirectory;
  let fleet: Fleet;
  let operationsPort: number;

  beforeAll(async () => {
    directory = temporaryDirectory();
    await writeCertificate('first.example');
    operationsPort = await freePort();
    fleet = await startFleet({
      store: 'sqlite',
      host: '0.0.0.0',
      file: {
        access: {
          apiKeys: [
            { id: 'shop', sha256: shop.sha256, integrations: ['demo'], methods: ['GET'], paths: ['/echo'] },
            { id: 'operator', sha256: operator.sha256, integrations: ['*'], purge: true },
          ],
        },
        operations: {
          host: '0.0.0.0',
          port: operationsPort,
          tls: { cert: `file:${directory.path}/tls.crt`, key: `file:${directory.path}/tls.key` },
        },
      },
    });
  });
  afterAll(async () => {
    await fleet?.stop();
    directory.remove();
  });

  async function writeCertificate(name: string): Promise<void> {
    const { cert, key } = await selfSignedCertificate(name);
    writeFileSync(join(directory.path, 'tls.key'), key);
    writeFileSync(join(directory.path, 'tls.crt'), cert);
  }
  async function operations(path: string, method = 'GET') {
    const request = httpsRequest({
      host: '127.0.0.1',
      port: operationsPort,
      path,
      method,
      agent: false,
      rejectUnauthorized: false,
    });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const { subject } = (response.socket as TLSSocket).getPeerCertificate();
    return { status: response.statusCode, certificate: String(subject.CN), body: await text(response) };
  }
  const call = (path: string, key?: string, init: RequestInit = {}) => {
    // A kept connection may be closed, while a worker stops, just as a request goes out on it.
    const headers = { connection: 'close', ...(key !== undefined && { authorization: `Bearer ${key}` }) };
    return fetch(fleet.url + path, { ...init, headers });
  };
  const sumOf = (metrics: string, name: string) =>
    [...metrics.matchAll(new RegExp(`^${name}\\{[^}]*\\} (\\d+)$`, 'gm'))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );

  it('serves callers with a key through every worker, with one token, and nobody else', async () => {
    const answers = await Promise.all([
      ...Array.from({ length: 100 }, () => call('/proxy/demo/echo', shop.key)),
      ...Array.from({ length: 100 }, () => call('/proxy/demo/echo')),
      ...Array.from({ length: 100 }, () => call('/proxy/demo/control', shop.key)),
    ]);

    expect(answers.map(({ status }) => status)).toEqual([
      ...Array(100).fill(200),
      ...Array(100).fill(401),
      ...Array(100).fill(403),
    ]);
    expect((await fleet.idp.stats()).minted).toBe(1);
    const { body } = await operations('/metrics');
    expect(sumOf(body, 'gateway_refusals_total')).toBe(200);
    expect(body.match(/^cluster_worker_up\{worker="\d"\} 1$/gm)).toHaveLength(WORKERS);
  });

  it('answers at the address of another interface of this machine', async () => {
    const addresses = Object.values(networkInterfaces()).flat();
    const reachable = addresses.filter((address) => address?.family === 'IPv4' && !address.internal);
    for (const { address } of reachable as { address: string }[]) {
      const url = fleet.url.replace('127.0.0.1', address);
      expect((await fetch(`${url}/health/ready`)).status).toBe(200);
      expect((await fetch(`${url}/proxy/demo/echo`)).status).toBe(401);
      expect((await fetch(`${url}/proxy/demo/echo`, { headers: { 'x-api-key': shop.key } })).status).toBe(200);
    }
  });

  it('serves operations at a door of their own, and no integration there', async () => {
    const statuses = await Promise.all(
      ['/health/live', '/health', '/metrics', '/api/integrations', '/proxy/demo/echo'].map((path) => operations(path)),
    );

    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 200, 200, 404]);
    expect((await operations('/api/integrations/demo/purge', 'POST')).status).toBe(401);
  });

  it('takes a new certificate in every worker without a restart', async () => {
    const before = await fleet.pm2.list();
    await writeCertificate('second.example');

    await waitFor(async () => {
      const answers = await Promise.all(Array.from({ length: 3 * WORKERS }, () => operations('/health/live')));
      return answers.every(({ certificate }) => certificate === 'second.example');
    });
    expect((await fleet.pm2.list()).map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid));
  });

  it('reloads without a failed request at either door', async () => {
    await call('/proxy/demo/echo', shop.key);
    const { minted } = await fleet.idp.stats();
    const load = sendSteadily([
      async () => (await call('/proxy/demo/echo', shop.key)).status,
      async () => (await operations('/health/ready')).status,
    ]);
    await waitFor(() => load.answers.length > 50);
    await fleet.pm2.run('reload', 'gateway');
    const after = load.answers.length;
    await waitFor(() => load.answers.length > after + 50);
    await load.stop();

    expect(load.errors).toEqual([]);
    expect(new Set(load.answers)).toEqual(new Set([200]));
    expect((await fleet.idp.stats()).minted).toBe(minted);
    recordEvidence({
      promises: [2],
      fault: 'pm2 reload under load, on sqlite',
      mints: 0,
      bound: 0,
      errors: {},
      seen: `${load.answers.length} requests at two doors`,
    });
  });

  it('writes who was refused and who purged into the log, and no key', async () => {
    expect((await call('/api/integrations/demo/purge', shop.key, { method: 'POST' })).status).toBe(403);
    expect((await call('/api/integrations/demo/purge', operator.key, { method: 'POST' })).status).toBe(204);

    const logs = await waitFor(async () => {
      const printed = await fleet.pm2.logs();
      return printed.includes('"audit":"purged"') && printed;
    });
    expect(logs).toMatch(/"audit":"refused",.*"caller":"shop",.*"route":"\/api\/integrations\/:name\/purge"/);
    expect(logs).toMatch(/"audit":"purged",.*"caller":"operator",.*"integration":"demo"/);
    expect(logs).toContain('without TLS');
    for (const { key } of [shop, operator]) expect(logs).not.toContain(key);
  });
});

it('The gateway ends at boot on all addresses without access, and says why', async () => {
  const directory = temporaryDirectory();
  const token = { grant: 'client_credentials', issuer: 'https://idp.example', clientId: 'c', clientSecret: 's' };
  const integrations = { billing: { upstream: 'https://billing.example', token } };
  const config = join(directory.path, 'gateway.yaml');
  writeFileSync(config, JSON.stringify({ integrations }));
  const gateway = await startNode(MAIN, { env: { GATEWAY_CONFIG: config, HOST: '0.0.0.0' } });

  expect((await gateway.exited).code).toBe(1);
  expect(gateway.output()).toContain(
    'HOST: must be a loopback address such as 127.0.0.1 unless access says who may call',
  );
  directory.remove();
});

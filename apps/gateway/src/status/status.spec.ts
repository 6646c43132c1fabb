import { waitFor } from '@mintonce/test-support';
import { register } from 'prom-client';
import { makeKey } from '../access/make-key.js';
import { guardedGateway, type GuardedGateway } from '../test/guarded-gateway.js';
import { type StatusView } from './status-view.js';

const OPERATOR = makeKey();
const SHOP = makeKey();
const ACCESS = {
  apiKeys: [
    { id: 'operator', sha256: OPERATOR.sha256, integrations: ['*'], purge: true },
    { id: 'reader', sha256: SHOP.sha256, integrations: ['*'] },
    { id: 'shop', sha256: makeKey().sha256, integrations: ['billing'], purge: true },
  ],
};
const REACHABLE = { host: '0.0.0.0', port: 9400 };

/** The registry is that of the process, and so are its counts. */
beforeEach(() => register.resetMetrics());

describe('GET /api/status', () => {
  let gateway: GuardedGateway;
  afterEach(() => gateway?.stop());

  const read = async (url: string, key?: string) => {
    const response = await fetch(`${url}/api/status`, { headers: key === undefined ? {} : { 'X-Api-Key': key } });
    expect(response.status).toBe(200);
    return (await response.json()) as StatusView;
  };
  const rights = ({ integrations }: StatusView) => integrations.map(({ purge }) => purge);

  it('tells of each integration and each worker, with what was counted', async () => {
    gateway = await guardedGateway({ store: 'sqlite', sqlite: { path: 'tokens.sqlite' } });
    const before = Date.now();
    for (let calls = 0; calls < 3; calls++) await fetch(`${gateway.url}/proxy/billing/x`);
    // A busy machine may answer its own question too late.
    const { at, version, workers, integrations } = await waitFor(
      async () => {
        const status = await read(gateway.url);
        return status.workers.every(({ up }) => up) && status;
      },
      { description: 'a worker that answers' },
    );

    expect(version).toMatch(/^\d+\.\d+\.\d+/);
    expect(workers).toEqual([{ slot: 0, pid: process.pid, startedAt: expect.any(Number), up: true }]);
    const [billing, crm] = integrations;
    expect(billing).toMatchObject({ name: 'billing', state: 'valid', hits: 2, misses: 1, mints: 1, purge: 'allowed' });
    expect(billing?.upstream).toBe(`${gateway.upstream.url}/api`);
    expect(billing?.mintedAt).toBeGreaterThanOrEqual(before - 1);
    expect(billing?.mintedAt).toBeLessThanOrEqual(at);
    expect(crm).toEqual({
      name: 'crm',
      upstream: `${gateway.upstream.url}/api`,
      state: 'missing',
      hits: 0,
      misses: 0,
      mints: 0,
      purge: 'allowed',
    });
  });

  it('tells whether a purge is let in at the door that was used, as the door itself would', async () => {
    gateway = await guardedGateway({ access: ACCESS, operations: REACHABLE });
    expect(rights(await read(gateway.operationsUrl))).toEqual(['key', 'key']);
    expect(rights(await read(gateway.url, OPERATOR.key))).toEqual(['allowed', 'allowed']);
    expect(rights(await read(gateway.url, SHOP.key))).toEqual(['key', 'key']);
    await gateway.stop();
    gateway = await guardedGateway({ access: ACCESS, operations: { port: 9400 } });
    expect(rights(await read(gateway.operationsUrl))).toEqual(['allowed', 'allowed']);
    await gateway.stop();
    gateway = await guardedGateway({ operations: REACHABLE });
    expect(rights(await read(gateway.operationsUrl))).toEqual(['forbidden', 'forbidden']);
  });

  it('never mints', async () => {
    gateway = await guardedGateway({});
    await read(gateway.url);
    expect(gateway.idp.seen).toEqual([]);
  });

  it.each(['/', '/status/page.js', '/status/page.css', '/api/status'])(
    'is at the door for callers only for those who may use all integrations, as %s is',
    async (path) => {
      gateway = await guardedGateway({ access: ACCESS, operations: REACHABLE });
      expect((await fetch(`${gateway.url}${path}`)).status).toBe(401);
      expect((await fetch(`${gateway.url}${path}`, { headers: { 'X-Api-Key': SHOP.key } })).status).toBe(200);
      expect((await fetch(`${gateway.operationsUrl}${path}`)).status).toBe(200);
    },
  );

  it.each(['/status/', '/status/nothing.js', '/status/..%2Findex.html', '/status/%2e%2e%2fpackage.json'])(
    'has no file %s',
    async (path) => {
      gateway = await guardedGateway({});
      expect([400, 404]).toContain((await fetch(`${gateway.url}${path}`)).status);
    },
  );

  it('has a page whose scripts and styles are its own alone, none of them inline, and which nobody frames', async () => {
    gateway = await guardedGateway({});
    const response = await fetch(`${gateway.url}/`);
    const page = await response.text();
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*|data:/);
    expect(page).not.toMatch(/<style|style=|<script>| on\w+=|https?:\/\//);
  });
});

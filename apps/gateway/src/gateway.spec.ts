import { existsSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { freePort, startRedis, temporaryDirectory, type TemporaryDirectory, waitFor } from '@mintonce/test-support';
import { TokenService } from '@mintonce/token-cache';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Redis } from 'ioredis';
import { loadConfig } from './config/load-config.js';
import { createGateway } from './gateway.js';
import { capturedLog, type CapturedLog } from './test/captured-log.js';
import { rawRequest } from './test/raw-request.js';
import { recordingUpstream, type RecordingUpstream } from './test/recording-upstream.js';
import { tokenEndpoint, type TokenEndpoint } from './test/token-endpoint.js';

/** Number of connections, including that of this call. */
async function connectionsTo(url: string): Promise<number> {
  const client = new Redis(url);
  const clients = (await client.client('LIST')) as string;
  client.disconnect();
  return clients.trim().split('\n').length;
}

describe('The gateway', () => {
  let directory: TemporaryDirectory;
  let upstream: RecordingUpstream;
  let idp: TokenEndpoint;
  let app: NestFastifyApplication | undefined;
  let log: CapturedLog;

  beforeEach(async () => {
    directory = temporaryDirectory();
    [upstream, idp] = await Promise.all([recordingUpstream(), tokenEndpoint()]);
  });
  afterEach(async () => {
    await stop();
    await Promise.all([upstream.close(), idp.close()]);
    directory.remove();
  });

  async function start(env: NodeJS.ProcessEnv = {}, file: object = {}, policy: object = {}): Promise<string> {
    const token = {
      grant: 'client_credentials',
      tokenEndpoint: idp.url,
      clientId: 'gateway',
      clientSecret: 'file:secret',
      allowInsecureRequests: true,
    };
    const integrations = { billing: { upstream: `${upstream.url}/api`, token, policy } };
    writeFileSync(join(directory.path, 'secret'), 's3cret\n');
    writeFileSync(join(directory.path, 'gateway.yaml'), JSON.stringify({ integrations, ...file }));
    log = capturedLog();
    app = await createGateway(loadConfig({ GATEWAY_CONFIG: 'gateway.yaml', ...env }, directory.path), log.log);
    await app.listen(0, '127.0.0.1');
    return `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  }

  async function stop(): Promise<void> {
    await app?.close();
    app = undefined;
  }

  async function json(url: string, init?: RequestInit) {
    const response = await fetch(url, init);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  it('requests one token, and sends it to the upstream with each request', async () => {
    const url = await start();

    const responses = await Promise.all(Array.from({ length: 20 }, () => fetch(`${url}/proxy/billing/invoices`)));

    expect(responses.every(({ status }) => status === 200)).toBe(true);
    expect(idp.seen).toMatchObject([{ headers: { authorization: `Basic ${btoa('gateway:s3cret')}` } }]);
    expect(new Set(upstream.seen.map(({ url, headers }) => `${url} ${headers.authorization}`))).toEqual(
      new Set(['/api/invoices Bearer token-1']),
    );
  });

  it('keeps the token over a restart, in a file that only its owner can read', async () => {
    await fetch(`${await start()}/proxy/billing/x`);
    await stop();
    await fetch(`${await start()}/proxy/billing/x`);

    expect(idp.seen).toHaveLength(1);
    const state = join(directory.path, '.mintonce');
    expect(statSync(state).mode & 0o077).toBe(0);
    expect(statSync(join(state, 'tokens.sqlite')).mode & 0o077).toBe(0);
  });

  it('writes nothing to disk with the memory store', async () => {
    await fetch(`${await start({}, { store: 'memory' })}/proxy/billing/x`);

    expect(existsSync(join(directory.path, '.mintonce'))).toBe(false);
  });

  it('reads a secret again at the next mint after its file has changed', async () => {
    const url = await start();
    await fetch(`${url}/proxy/billing/x`);
    writeFileSync(join(directory.path, 'secret'), 'n3w\n');
    await fetch(`${url}/api/integrations/billing/purge`, { method: 'POST' });
    await fetch(`${url}/proxy/billing/x`);

    expect(idp.seen.at(-1)).toMatchObject({ headers: { authorization: `Basic ${btoa('gateway:n3w')}` } });
  });

  describe('its API', () => {
    it('lists the integrations, with no token and no secret', async () => {
      const url = await start();
      const before = await json(`${url}/api/integrations`);
      await fetch(`${url}/proxy/billing/x`);
      const after = await fetch(`${url}/api/integrations`);
      const text = await after.text();

      expect(before.body).toEqual([{ name: 'billing', upstream: `${upstream.url}/api`, state: 'missing' }]);
      expect(JSON.parse(text)).toEqual([
        {
          name: 'billing',
          upstream: `${upstream.url}/api`,
          state: 'valid',
          expiresAt: expect.any(Number),
          generation: expect.any(Number),
        },
      ]);
      expect(text).not.toMatch(/token-1|s3cret/);
    });

    it('purges an integration, so that the next request mints', async () => {
      const url = await start();
      await fetch(`${url}/proxy/billing/x`);

      expect((await fetch(`${url}/api/integrations/billing/purge`, { method: 'POST' })).status).toBe(204);
      await fetch(`${url}/proxy/billing/x`);
      expect(upstream.seen.at(-1)!.headers.authorization).toBe('Bearer token-2');
    });

    it('purges all tokens of an integration, so that the next request mints', async () => {
      const url = await start();
      await fetch(`${url}/proxy/billing/x`);

      expect((await fetch(`${url}/api/integrations/billing/purge?all=true`, { method: 'POST' })).status).toBe(204);
      await fetch(`${url}/proxy/billing/x`);
      expect(upstream.seen.at(-1)!.headers.authorization).toBe('Bearer token-2');
    });

    it.each(['?all', '?all=', '?all=yes', '?all=true&all=true', '?al=true', '?all=true&tenant=one'])(
      'purges nothing when it is asked to in a way that it does not know: %s',
      async (query) => {
        const url = await start();
        await fetch(`${url}/proxy/billing/x`);

        expect(await json(`${url}/api/integrations/billing/purge${query}`, { method: 'POST' })).toMatchObject({
          status: 400,
          body: { code: 'GATEWAY_PURGE_INVALID' },
        });
        await fetch(`${url}/proxy/billing/x`);
        expect(idp.seen).toHaveLength(1);
      },
    );

    it.each([
      ['does not come', 'Content-Length: 10', ''],
      ['comes in part', 'Content-Length: 10', '{"a'],
      ['is no JSON', 'Content-Length: 3', '{"a'],
    ])('does not wait for a body that it does not need and that %s', async (_, length, body) => {
      const { port } = new URL(await start());
      const lines = ['POST /api/integrations/billing/purge HTTP/1.1', `Host: 127.0.0.1:${port}`];
      const fields = ['Content-Type: application/json', 'Connection: close', length];

      expect((await rawRequest(Number(port), [...lines, ...fields], body)).status).toBe(204);
    });

    it.each(['', '?all=true'])('answers 404 for an integration that is not configured: purge%s', async (query) => {
      const url = await start();

      expect(await json(`${url}/api/integrations/nobody/purge${query}`, { method: 'POST' })).toMatchObject({
        status: 404,
        body: { code: 'TOKEN_INTEGRATION_UNKNOWN' },
      });
    });

    it.each(['/api/integrations', '/metrics', '/health/live', '/health', '/nowhere'])(
      'tells caches to keep nothing of %s, and the id of the request',
      async (path) => {
        const response = await fetch((await start()) + path, { headers: { 'x-request-id': 'order-4711' } });

        expect(response.headers.get('cache-control')).toContain('no-store');
        expect(response.headers.get('x-request-id')).toBe('order-4711');
      },
    );

    it('answers an unknown route with a problem document', async () => {
      const url = await start();

      expect(await json(`${url}/nowhere`)).toMatchObject({ status: 404, body: { code: 'GATEWAY_HTTP_404' } });
    });
  });

  describe('its health', () => {
    it('is ok before the first mint, and mints nothing', async () => {
      const url = await start();

      expect(await json(`${url}/health/live`)).toEqual({ status: 200, body: { status: 'ok' } });
      expect(await json(`${url}/health/ready`)).toMatchObject({ status: 200, body: { status: 'ok' } });
      expect(await json(`${url}/health`)).toMatchObject({ status: 200, body: { status: 'ok' } });
      expect(idp.seen).toEqual([]);
    });

    it('reports the state, the expiry and the last error of every integration', async () => {
      const url = await start();
      const billing = async () => {
        const { body } = await json(`${url}/health`);
        return (body as { details: { tokens: { integrations: Record<string, object> } } }).details.tokens.integrations
          .billing;
      };
      await fetch(`${url}/proxy/billing/x`);
      expect(Object.values((await billing())!)).toEqual(['valid', expect.any(Number)]);
      await fetch(`${url}/api/integrations/billing/purge`, { method: 'POST' });
      idp.isUp = false;
      await fetch(`${url}/proxy/billing/x`);

      await waitFor(async () => 'lastErrorCode' in (await billing())!);
      expect(await billing()).toMatchObject({ lastErrorCode: 'TOKEN_SOURCE_UNAVAILABLE' });
    });

    it.each([
      ['degraded', 200, 'mint-locally'],
      ['error', 503, 'fail'],
    ])(
      'is %s, with status %d, while the store is down and the policy is %s',
      async (health, status, whenStoreUnavailable) => {
        const url = await start(
          { REDIS_URL: `redis://127.0.0.1:${await freePort()}` },
          {},
          { whenStoreUnavailable, storeTimeoutMs: 100 },
        );

        expect(await json(`${url}/health/ready`)).toMatchObject({ status, body: { status: health } });
        expect((await json(`${url}/health/live`)).status).toBe(200);
        expect((await fetch(`${url}/proxy/billing/x`)).status).toBe(whenStoreUnavailable === 'fail' ? 503 : 200);
      },
    );
  });

  describe('with Redis', () => {
    it('shares the token between two gateways', async () => {
      const redis = await startRedis();
      try {
        await fetch(`${await start({ REDIS_URL: redis.url })}/proxy/billing/x`);
        await stop();
        await fetch(`${await start({ REDIS_URL: redis.url })}/proxy/billing/x`);

        expect(idp.seen).toHaveLength(1);
      } finally {
        await stop();
        await redis.stop();
      }
    });

    it('commits a mint in flight while it shuts down, and leaves no connection behind', async () => {
      const redis = await startRedis();
      try {
        const url = await start({ REDIS_URL: redis.url });
        idp.hold();
        const caller = new AbortController();
        const left = fetch(`${url}/proxy/billing/x`, { signal: caller.signal }).catch(() => undefined);
        await waitFor(() => idp.seen.length === 1);
        caller.abort();
        await left;
        const shutDown = jest.spyOn(app!.get(TokenService, { strict: false }), 'close');
        const stopped = stop();
        await waitFor(() => shutDown.mock.calls.length > 0);
        idp.release();
        await stopped;
        await fetch(`${await start({ REDIS_URL: redis.url })}/proxy/billing/x`);
        await stop();

        expect(idp.seen).toHaveLength(1);
        await waitFor(async () => (await connectionsTo(redis.url)) === 1);
      } finally {
        await stop();
        await redis.stop();
      }
    });

    it('starts and serves while Redis is down, and uses Redis when it is back', async () => {
      const port = await freePort();
      const url = await start({ REDIS_URL: `redis://127.0.0.1:${port}` });
      expect((await fetch(`${url}/proxy/billing/x`)).status).toBe(200);
      const redis = await startRedis({ port });
      try {
        await waitFor(async () => (await json(`${url}/health/ready`)).body.status === 'ok');
        expect((await fetch(`${url}/proxy/billing/x`)).status).toBe(200);
        expect(idp.seen).toHaveLength(1);
      } finally {
        await stop();
        await redis.stop();
      }
    });
  });

  describe('its metrics', () => {
    it('count requests by integration, status and worker', async () => {
      const url = await start();
      await fetch(`${url}/proxy/billing/x`);
      await fetch(`${url}/proxy/nobody/x`);

      // A request is counted when its connection or answer closes, which the caller may see earlier.
      const metrics = await waitFor(async () => {
        const text = await (await fetch(`${url}/metrics`)).text();
        return /^gateway_inflight_requests(\{[^}]*\})? 0$/m.test(text) && text;
      });

      expect(metrics).toMatch(/^gateway_requests_total\{integration="billing",code="200",worker="0"[^}]*\} \d+$/m);
      expect(metrics).toMatch(/^gateway_requests_total\{integration="",code="404",worker="0"[^}]*\} \d+$/m);
      expect(metrics).toMatch(/^gateway_build_info\{.*version="\d+\.\d+\.\d+",node="v\d+/m);
      for (const name of ['request_duration_seconds', 'upstream_duration_seconds']) {
        expect(metrics).toMatch(new RegExp(`^gateway_${name}_count\\{integration="billing"[^}]*\\} \\d+$`, 'm'));
      }
      expect(metrics).toMatch(/^token_mint_count\{.*integration="billing".*outcome="stored".*\} \d+$/m);
      expect(metrics).not.toContain('nobody');
    });
  });

  it.each([
    ['issuer', { issuer: 'http://idp.example' }, 'integrations.billing.token.issuer: must be https'],
    ['no endpoint', {}, 'integrations.billing.token.issuer: is missing'],
  ])('refuses an invalid token section, and names the field by its path: %s', async (_, source, message) => {
    const token = { grant: 'client_credentials', clientId: 'gateway', clientSecret: 's3cret', ...source };
    const file = { integrations: { billing: { upstream: 'https://billing.example', token } } };

    await expect(start({}, file)).rejects.toThrow(message);
  });

  it('refuses a header for the upstream that holds no token, and names the field by its path', async () => {
    const token = { grant: 'client_credentials', tokenEndpoint: 'https://a.example', clientId: 'a', clientSecret: 'b' };
    const file = {
      integrations: { billing: { upstream: 'https://billing.example', token, credential: 'X-Token: a' } },
    };

    await expect(start({}, file)).rejects.toThrow('integrations.billing.credential: must be a header with {token}');
  });

  it.each([
    ['an integration', {}, { waitTimeoutMs: 1 }, 'integrations.billing.policy.waitTimeoutMs: must be at least'],
    ['all', { policy: { cooldown: { rejectedMs: 0 } } }, {}, 'policy.cooldown.rejectedMs: must be'],
    ['all', { policy: { leaseMs: 'soon' } }, {}, 'policy.leaseMs: must be a whole number of milliseconds'],
    ['the near cache', { policy: { nearCache: { maxAge: 1 } } }, {}, 'policy.nearCache.maxAge: is not an option'],
  ])('refuses an invalid policy of %s, and logs nothing beside the error', async (_, file, policy, message) => {
    const written = [process.stdout, process.stderr].map((stream) => jest.spyOn(stream, 'write'));

    await expect(start({}, file, policy)).rejects.toThrow(message);
    expect(log.lines).toEqual([]);
    for (const spy of written) expect(spy).not.toHaveBeenCalled();
    for (const spy of written) spy.mockRestore();
  });

  it('refuses a database file that cannot be made, and names the option', async () => {
    await expect(start({}, { sqlite: { path: 'secret/tokens.sqlite' } })).rejects.toThrow(
      'sqlite.path: cannot be used',
    );
  });
});

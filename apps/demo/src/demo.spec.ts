import { createHash } from 'node:crypto';
import { startNode, waitFor } from '@mintonce/test-support';
import { type IdentityProviderClient } from './testing/identity-provider-client.js';
import { DEMO_MAIN, type DemoProcess, startDemo } from './testing/start-demo.js';
import { type UpstreamClient } from './testing/upstream-client.js';

const SECRET = 'a secret: with & colon';

interface Granted {
  access_token: string;
  expires_in: number;
}

describe('The demo', () => {
  let demo: DemoProcess;
  let idp: IdentityProviderClient;
  let upstream: UpstreamClient;
  let issuer: string;

  beforeAll(async () => {
    demo = await startDemo({ clientSecret: SECRET });
    ({ idp, upstream } = demo);
    issuer = idp.issuer;
  });

  beforeEach(async () => {
    await idp.reset();
    await upstream.reset();
  });

  afterAll(async () => {
    await expect(demo.stop()).resolves.toEqual({ code: 0, signal: null });
  });

  function requestToken(clientId = 'demo', secret = SECRET): Promise<Response> {
    const basic = Buffer.from([clientId, secret].map(encodeURIComponent).join(':')).toString('base64');
    return fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { Authorization: `Basic ${basic}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'api:read' }),
    });
  }

  async function granted(): Promise<Granted> {
    return (await (await requestToken()).json()) as Granted;
  }

  async function mint(): Promise<string> {
    return (await granted()).access_token;
  }

  function call(path: string, token: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${upstream.url}${path}`, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } });
  }

  describe('as an identity provider', () => {
    it('publishes its metadata, and issues opaque tokens for client credentials', async () => {
      const discovered = await fetch(`${issuer}/.well-known/openid-configuration`);
      await expect(discovered.json()).resolves.toMatchObject({ issuer, token_endpoint: `${issuer}/token` });
      const response = await requestToken();
      expect(response.status).toBe(200);
      await expect(response.json()).resolves.toEqual({
        access_token: expect.stringMatching(/^[\w-]{43}$/),
        expires_in: 300,
        scope: 'api:read',
        token_type: 'Bearer',
      });
    });

    it('accepts the secret in the body from a client that is registered for client_secret_post', async () => {
      const parameters = { client_id: 'demo-post', client_secret: SECRET };
      const body = new URLSearchParams({ ...parameters, grant_type: 'client_credentials', scope: 'api:read' });
      const response = await fetch(`${issuer}/token`, { method: 'POST', body });
      expect(response.status).toBe(200);
      expect((await idp.stats()).calls).toMatchObject([{ clientId: 'demo-post', status: 200 }]);
    });

    it('counts all calls, failed ones included, and the tokens that were issued', async () => {
      await mint();
      expect((await requestToken('demo', 'wrong')).status).toBe(401);
      await mint();
      expect(await idp.stats()).toMatchObject({ tokenCalls: 3, minted: 2, overlapping: 1 });
      expect((await idp.stats()).calls.map(({ clientId, status }) => [clientId, status])).toEqual([
        ['demo', 200],
        ['demo', 401],
        ['demo', 200],
      ]);
    });

    it('counts the concurrent calls of one client', async () => {
      await idp.configure({ delayMs: 200 });
      const calls = [requestToken(), requestToken(), requestToken('somebody-else')];
      await waitFor(async () => (await idp.stats()).tokenCalls === 3);
      expect((await idp.stats()).overlapping).toBe(2);
      await Promise.all(calls);
      expect((await idp.stats()).overlapping).toBe(2);
    });

    it('fails as set until the failure is removed', async () => {
      await idp.configure({ failWith: { status: 503, retryAfterS: 7 } });
      const failed = await requestToken();
      expect([failed.status, failed.headers.get('Retry-After')]).toEqual([503, '7']);
      await idp.configure({ failWith: { status: 400, body: { error: 'invalid_scope' } } });
      await expect((await requestToken()).json()).resolves.toEqual({ error: 'invalid_scope' });
      await idp.configure({ failWith: null });
      expect((await requestToken()).status).toBe(200);
      expect(await idp.stats()).toMatchObject({ tokenCalls: 3, minted: 1 });
    });

    it('repeats a token as set, with what is left of its life, until that ends', async () => {
      await idp.configure({ tokenLifetimeMs: 2_000, repeatsTokens: true });
      const first = await granted();
      expect(first.expires_in).toBe(2);
      await waitFor(async () => (await granted()).expires_in < 2);
      expect((await granted()).access_token).toBe(first.access_token);
      await waitFor(async () => (await granted()).access_token !== first.access_token);
      const { minted, calls } = await idp.stats();
      expect(minted).toBe(2);
      const { length } = calls;
      expect(calls.map(({ repeats }) => repeats)).toEqual([...Array.from({ length: length - 1 }, (_, i) => i), 0]);
      expect(calls.map(({ expiresInS }) => expiresInS)).toEqual(expect.arrayContaining([2, 1, 0]));
    });

    it('repeats no token that was revoked, nor that of another client', async () => {
      await idp.configure({ repeatsTokens: true });
      const first = await mint();
      const parameters = { client_id: 'demo-post', client_secret: SECRET };
      const body = new URLSearchParams({ ...parameters, grant_type: 'client_credentials', scope: 'api:read' });
      const other = (await (await fetch(`${issuer}/token`, { method: 'POST', body })).json()) as Granted;
      expect(other.access_token).not.toBe(first);
      expect(await mint()).toBe(first);
      await idp.revokeAll();
      expect(await mint()).not.toBe(first);
    });

    it('names the setting that is invalid', async () => {
      await expect(idp.configure({ tokenLifetimeMs: 999 })).rejects.toThrow(
        'answered with 400: {"error":"tokenLifetimeMs is not valid: 999"}',
      );
    });

    it('revokes one token for its client (RFC 7009), and all tokens through /control', async () => {
      const [one, other] = [await mint(), await mint()];
      const basic = Buffer.from(`demo:${encodeURIComponent(SECRET)}`).toString('base64');
      await fetch(`${issuer}/token/revocation`, {
        method: 'POST',
        headers: { Authorization: `Basic ${basic}` },
        body: new URLSearchParams({ token: one }),
      });
      expect([(await call('/echo', one)).status, (await call('/echo', other)).status]).toEqual([401, 200]);
      await idp.revokeAll();
      expect((await call('/echo', other)).status).toBe(401);
      expect((await call('/echo', await mint())).status).toBe(200);
    });
  });

  describe('as an upstream', () => {
    it('echoes the request, with a digest in place of the token', async () => {
      const token = await mint();
      const response = await call('/echo/a?b=1', token, { method: 'PUT', body: 'hello', headers: { 'X-Test': 'yes' } });
      const text = await response.text();
      const sha256 = (of: string) => createHash('sha256').update(of).digest('hex');
      expect(JSON.parse(text)).toMatchObject({
        method: 'PUT',
        path: '/echo/a?b=1',
        headers: { 'x-test': 'yes', authorization: '[present]' },
        body: { bytes: 5, sha256: sha256('hello') },
        credential: { digest: sha256(token).slice(0, 12), active: true },
      });
      expect(text).not.toContain(token);
    });

    it('answers 401 without an active token', async () => {
      const absent = await fetch(`${upstream.url}/echo`);
      expect(absent.status).toBe(401);
      expect(absent.headers.get('WWW-Authenticate')).toContain('Bearer error="invalid_token"');
      expect((await call('/echo', 'made-up')).status).toBe(401);
      expect(await upstream.stats()).toMatchObject({ requests: 2, byStatus: { 401: 2 }, expiredSeen: 0 });
    });

    it('reports an expired and a revoked token as different', async () => {
      await idp.configure({ tokenLifetimeMs: 1_000 });
      const revoked = await mint();
      await idp.revokeAll();
      expect((await call('/echo', revoked)).status).toBe(401);
      expect((await upstream.stats()).expiredSeen).toBe(0);
      const expiring = await mint();
      await waitFor(async () => (await call('/echo', expiring)).status === 401);
      expect((await upstream.stats()).expiredSeen).toBe(1);
    });

    it('accepts a token until its expiry, to the millisecond', async () => {
      await idp.configure({ tokenLifetimeMs: 1_000 });
      const askedAt = performance.now();
      const token = await mint();
      await waitFor(async () => (await call('/echo', token)).status === 401);
      expect(performance.now() - askedAt).toBeGreaterThanOrEqual(1_000);
    });

    it('counts requests, and the tokens that it received', async () => {
      const token = await mint();
      await Promise.all(Array.from({ length: 5 }, () => call('/echo', token)));
      await call('/status/418', await mint());
      const { requests, byStatus, credentials } = await upstream.stats();
      expect({ requests, byStatus }).toEqual({ requests: 6, byStatus: { 200: 5, 418: 1 } });
      expect(credentials).toHaveLength(2);
    });

    it('streams, delays and fails on request', async () => {
      const token = await mint();
      const text = async (path: string) => await (await call(path, token)).text();
      expect(await text('/stream?chunks=3&delayMs=1')).toBe('chunk 1\nchunk 2\nchunk 3\n');
      expect(await text('/sse?events=1')).toBe('id: 1\ndata: event 1\n\n');
      expect(await text('/large?bytes=100000')).toHaveLength(100_000);
      expect(JSON.parse(await text('/slow?ms=1'))).toEqual({ ms: 1 });
      const unavailable = await call('/status/503?retryAfter=7', token);
      expect([unavailable.status, unavailable.headers.get('Retry-After')]).toEqual([503, '7']);
    });

    it('sends the first part of a stream before the last one exists, and counts a client that leaves', async () => {
      const leave = new AbortController();
      const response = await call('/stream?chunks=2&delayMs=60000', await mint(), { signal: leave.signal });
      const first = await response.body?.getReader().read();
      expect(Buffer.from(first?.value ?? []).toString()).toBe('chunk 1\n');
      leave.abort();
      await waitFor(async () => (await upstream.stats()).cutShort === 1);
    });
  });

  it('stops at once while a call is in flight', async () => {
    const another = await startDemo({ clientSecret: SECRET });
    await another.idp.configure({ delayMs: 60_000 });
    const hanging = fetch(`${another.idp.issuer}/token`, { method: 'POST' }).catch(() => 'cut');
    await waitFor(async () => (await another.idp.stats()).tokenCalls === 1);
    await expect(another.stop()).resolves.toEqual({ code: 0, signal: null });
    await expect(hanging).resolves.toBe('cut');
  });

  it('names the variable of an invalid port', async () => {
    const failing = await startNode(DEMO_MAIN, { env: { IDP_PORT: 'many' } });
    expect((await failing.exited).code).toBe(1);
    expect(failing.output()).toContain('IDP_PORT is not a port: many');
  });
});

import { makeKey } from '../access/make-key.js';
import { guardedGateway, type GuardedGateway } from '../test/guarded-gateway.js';

const [TAKER, SHOP, EVERYTHING] = [makeKey(), makeKey(), makeKey()] as const;
const ACCESS = {
  apiKeys: [
    { id: 'taker', sha256: TAKER.sha256, integrations: ['billing'], methods: ['GET'], token: true },
    { id: 'shop', sha256: SHOP.sha256, integrations: ['billing'] },
    { id: 'everything', sha256: EVERYTHING.sha256, integrations: ['*'], token: true },
  ],
};

describe('The door of tokens', () => {
  let gateway: GuardedGateway;
  afterEach(() => gateway?.stop());

  async function take(key: string | undefined, name = 'billing', method = 'POST', url = gateway.url) {
    const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const response = await fetch(`${url}/token/${name}`, { method, headers });
    return { status: response.status, headers: response.headers, body: (await response.json()) as object };
  }

  it('gives a token to a caller who is granted that, as RFC 6749 section 5.1 has it', async () => {
    gateway = await guardedGateway({ access: ACCESS });
    const { status, headers, body } = await take(TAKER.key);

    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('pragma')).toBe('no-cache');
    expect(body).toEqual({ access_token: 'token-1', token_type: 'Bearer', expires_in: expect.any(Number) });
    // An hour, less the margin of 30 s.
    const { expires_in } = body as { expires_in: number };
    expect(expires_in).toBeLessThanOrEqual(3_570);
    expect(expires_in).toBeGreaterThan(3_500);
  });

  it('gives the token that requests to the upstream use, without another mint', async () => {
    gateway = await guardedGateway({ access: ACCESS });
    await fetch(`${gateway.url}/proxy/billing/x`, { headers: { 'x-api-key': TAKER.key } });
    await Promise.all(Array.from({ length: 10 }, () => take(TAKER.key)));

    expect(gateway.upstream.seen[0]!.headers.authorization).toBe('Bearer token-1');
    expect(gateway.idp.seen).toHaveLength(1);
  });

  it.each([
    ['nobody', undefined, 'billing', 401, 'GATEWAY_CALLER_UNKNOWN'],
    ['a caller who may use the integration', SHOP.key, 'billing', 403, 'GATEWAY_CALLER_FORBIDDEN'],
    ['a caller of another integration', TAKER.key, 'crm', 403, 'GATEWAY_CALLER_FORBIDDEN'],
    ['a caller of one that does not exist', TAKER.key, 'nobody', 403, 'GATEWAY_CALLER_FORBIDDEN'],
    ['a caller of all, of one that does not exist', EVERYTHING.key, 'nobody', 404, 'TOKEN_INTEGRATION_UNKNOWN'],
  ])('gives none to %s', async (_, key, name, status, code) => {
    gateway = await guardedGateway({ access: ACCESS });

    expect(await take(key, name)).toMatchObject({ status, body: { code } });
    expect(gateway.idp.seen).toEqual([]);
  });

  it.each(['GET', 'PUT', 'DELETE'])('gives none by %s, which caches and histories keep', async (method) => {
    gateway = await guardedGateway({ access: ACCESS });

    expect(await take(EVERYTHING.key, 'billing', method)).toMatchObject({ status: 404 });
  });

  it('is shut where no callers are known, and at the door for operations', async () => {
    gateway = await guardedGateway({ operations: { port: 9400 } });

    expect(await take(undefined)).toMatchObject({ status: 403, body: { code: 'GATEWAY_CALLER_FORBIDDEN' } });
    expect(await take(undefined, 'billing', 'POST', gateway.operationsUrl)).toMatchObject({ status: 404 });
    expect(gateway.idp.seen).toEqual([]);
  });

  it('tells with a problem document that no token can be had', async () => {
    gateway = await guardedGateway({ access: ACCESS });
    gateway.idp.isUp = false;
    const { status, headers, body } = await take(TAKER.key);

    expect(status).toBe(503);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(body).toMatchObject({ code: 'TOKEN_SOURCE_UNAVAILABLE' });
  });

  it('writes an audit line for each token, which holds none', async () => {
    gateway = await guardedGateway({ access: ACCESS });
    await take(TAKER.key);

    expect(gateway.auditLines).toEqual([
      expect.objectContaining({ audit: 'token issued', caller: 'taker', integration: 'billing' }),
    ]);
    expect(JSON.stringify(gateway.auditLines)).not.toContain('token-1');
  });
});

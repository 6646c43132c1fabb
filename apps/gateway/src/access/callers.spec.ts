import { createHash } from 'node:crypto';
import { guardedGateway, type GuardedGateway, sha256 } from '../test/guarded-gateway.js';
import { rawRequest } from '../test/raw-request.js';
import { makeKey } from './make-key.js';

const SHOP = makeKey();
const SHOP_NEXT = makeKey();
const EVERYTHING = makeKey();
const READER = makeKey();
const base64 = (key: string) => createHash('sha256').update(key).digest('base64');

const ACCESS = {
  apiKeys: [
    { id: 'shop', sha256: [SHOP.sha256, base64(SHOP_NEXT.key)], integrations: ['billing'] },
    {
      id: 'reader',
      sha256: READER.sha256,
      integrations: ['billing'],
      methods: ['get'],
      paths: ['/invoices', '/open/'],
    },
    { id: 'everything', sha256: EVERYTHING.sha256.toUpperCase(), integrations: ['*'], purge: true },
  ],
};

describe('A door with access', () => {
  let gateway: GuardedGateway;

  beforeAll(async () => {
    gateway = await guardedGateway({ access: ACCESS }, { forwardAuthorizationAs: 'X-Caller-Authorization' });
  });
  afterAll(() => gateway?.stop());
  beforeEach(() => {
    gateway.upstream.reset();
  });

  /** Status and code of the answer to a request that no client has normalised. */
  async function answer(method: string, target: string, ...fields: string[]) {
    const length = ['POST', 'PUT', 'PATCH', 'DELETE'].includes(method) ? ['Content-Length: 0'] : [];
    const lines = [`${method} ${target} HTTP/1.1`, `Host: 127.0.0.1:${gateway.port}`, 'Connection: close', ...length];
    const { status, text } = await rawRequest(gateway.port, [...lines, ...fields]);
    return { status, code: /"code":"(\w+)"/.exec(text)?.[1], text };
  }
  const bearer = (key: string) => `Authorization: Bearer ${key}`;
  const unknown = { status: 401, code: 'GATEWAY_CALLER_UNKNOWN' };
  const forbidden = { status: 403, code: 'GATEWAY_CALLER_FORBIDDEN' };

  it.each([
    ['as a bearer token', bearer(SHOP.key)],
    ['as a bearer token of a scheme in other letters', `authorization: BEARER ${SHOP.key}`],
    ['in X-Api-Key', `X-Api-Key: ${SHOP.key}`],
    ['in X-Api-Key in other letters', `x-aPi-kEy: ${SHOP.key}`],
    ['that will take the place of another', bearer(SHOP_NEXT.key)],
  ])('lets a caller in by a key %s', async (_, field) => {
    expect((await answer('GET', '/proxy/billing/x', field)).status).toBe(200);
  });

  it.each([
    ['nothing', []],
    ['an empty key', ['X-Api-Key:']],
    ['an empty bearer token', ['Authorization: Bearer ']],
    ['a bearer token of spaces', ['Authorization: Bearer    ']],
    ['a key that is wrong at its end', [bearer(`${SHOP.key.slice(0, -1)}!`)]],
    ['the beginning of a key', [bearer(SHOP.key.slice(0, -1))]],
    ['a key and more', [bearer(`${SHOP.key}x`)]],
    ['the hash of a key', [bearer(SHOP.sha256)]],
    ['a key without a scheme', [`Authorization: ${SHOP.key}`]],
    ['a key of another scheme', [`Authorization: Basic ${SHOP.key}`]],
    ['a key in Basic', [`Authorization: Basic ${btoa(`shop:${SHOP.key}`)}`]],
    ['a key in a list', [`X-Api-Key: ${SHOP.key}, ${SHOP.key}`]],
    ['a key in quotes', [`X-Api-Key: "${SHOP.key}"`]],
    ['two keys', [`X-Api-Key: ${SHOP.key}`, `X-Api-Key: ${SHOP.key}`]],
    ['two bearer tokens', [bearer(SHOP.key), bearer(SHOP.key)]],
    ['two bearer tokens, the second of which is wrong', [bearer(SHOP.key), 'authorization: Bearer wrong']],
    ['a wrong key beside a right bearer token', ['X-Api-Key: wrong', bearer(SHOP.key)]],
    ['a key in Proxy-Authorization', [`Proxy-Authorization: Bearer ${SHOP.key}`]],
    ['a key in a field with underscores', [`X_Api_Key: ${SHOP.key}`]],
    ['a key with characters beyond ASCII', [bearer(`${SHOP.key}é`)]],
    ['a key with a zero-width space', [bearer(`${SHOP.key}\xe2\x80\x8b`)]],
    ['a key in a cookie', [`Cookie: key=${SHOP.key}`]],
  ])('answers 401 to a caller who shows %s', async (_, fields) => {
    for (const target of ['/proxy/billing/x', '/proxy/nobody/x', '/metrics', '/health', '/api/integrations', '/gone']) {
      expect(await answer('GET', target, ...fields)).toMatchObject(unknown);
    }
    expect(await answer('POST', '/api/integrations/billing/purge', ...fields)).toMatchObject(unknown);
    expect(gateway.upstream.seen).toEqual([]);
  });

  it('tells with 401 how to call, and whether what was shown is wrong', async () => {
    expect((await answer('GET', '/proxy/billing/x')).text).toMatch(/^www-authenticate: Bearer realm="mintonce"\r$/m);
    expect((await answer('GET', '/proxy/billing/x', bearer('wrong'))).text).toMatch(
      /^www-authenticate: Bearer realm="mintonce", error="invalid_token"\r$/m,
    );
  });

  it.each([
    '/proxy/billing/x?key=KEY',
    '/proxy/billing/x?access_token=KEY',
    '/proxy/billing/KEY',
    'http://KEY@127.0.0.1/proxy/billing/x',
  ])('takes no key from the target %s', async (target) => {
    expect((await answer('GET', target.replace('KEY', SHOP.key))).status).toBeGreaterThanOrEqual(400);
    expect(gateway.upstream.seen).toEqual([]);
  });

  it.each(['/health/live', '/health/ready'])('leaves %s open', async (target) => {
    expect((await answer('GET', target)).status).toBe(200);
    expect((await answer('HEAD', target)).status).toBe(200);
  });

  it.each([
    '/health/live/',
    '/health/live/../../metrics',
    '/health/live/%2e%2e/%2e%2e/metrics',
    '//health/live',
    '/health/live%00',
    '/health/live;/../../proxy/billing/x',
    '/HEALTH/LIVE',
  ])('leaves nothing else open that looks like it: %s', async (target) => {
    expect((await answer('GET', target)).status).toBeGreaterThanOrEqual(400);
    expect(gateway.upstream.seen).toEqual([]);
  });

  it.each([
    ['/proxy/crm/x', 'an integration of others'],
    ['/proxy/nobody/x', 'one that does not exist'],
    ['/proxy/Billing/x', 'one in other letters'],
    ['/proxy/bill%69ng/x', 'its own with an escape'],
    ['/proxy/billing%2f..%2fcrm/x', 'another one behind an escaped slash'],
    ['/proxy//billing/x', 'an empty name'],
    ['/proxy/billing\\..\\crm/x', 'another one behind backslashes'],
    ['http://127.0.0.1/proxy/crm/x', 'an integration of others, as an absolute URL'],
  ])('gives the same answer to a caller for %s, which is %s', async (target) => {
    const { text, ...rest } = await answer('GET', target, bearer(SHOP.key), 'X-Request-Id: same');
    const known = await answer('GET', '/proxy/crm/x', bearer(SHOP.key), 'X-Request-Id: same');

    expect(['GATEWAY_CALLER_FORBIDDEN', 'GATEWAY_PATH_INVALID']).toContain(rest.code);
    if (rest.status === 403) expect(withoutDate(text)).toBe(withoutDate(known.text));
    expect(gateway.upstream.seen).toEqual([]);
  });

  it.each([
    ['/proxy/billing/../crm/x'],
    ['/proxy/billing/%2e%2e/crm/x'],
    ['/proxy/billing/..%2fcrm/x'],
    ['/proxy/billing/%252e%252e/crm/x'],
    ['/proxy/billing/..;/crm/x'],
    ['/proxy/billing/.%2e/crm/x'],
    ['/./proxy/../proxy/crm/x'],
    ['/%70roxy/crm/x'],
    ['//proxy/crm/x'],
    ['/proxy/./crm/x'],
  ])('lets nobody reach an integration of others by %s', async (target) => {
    const { status } = await answer('GET', target, bearer(SHOP.key));

    expect([400, 403, 404]).toContain(status);
    expect(gateway.upstream.seen).toEqual([]);
  });

  it.each([
    ['GET', '/invoices', 200],
    ['GET', '/invoices?all=1', 200],
    ['GET', '/invoices/7', 200],
    ['GET', '/open/door', 200],
    ['GET', '/open/', 200],
    ['GET', '/open', 403],
    ['GET', '/invoicesX', 403],
    ['GET', '/Invoices', 403],
    ['GET', '', 403],
    ['GET', '/', 403],
    ['GET', '?/invoices', 403],
    ['GET', '//invoices', 403],
    ['GET', '/x/invoices', 403],
    ['GET', '/%69nvoices', 403],
    ['GET', '/invoices;x/../../admin', 403],
    ['GET', '/invoices/../admin', 400],
    ['GET', '/invoices/%2e%2e/admin', 400],
    ['GET', '/invoices/..%2f..%2fadmin', 400],
    ['GET', '/invoices%2f..%2fadmin', 403],
    ['GET', '/invoices\\..\\admin', 403],
    ['POST', '/invoices', 403],
    ['HEAD', '/invoices', 403],
    ['OPTIONS', '/invoices', 403],
    ['get', '/invoices', 400],
  ])('lets a caller with methods and paths send %s to its integration at "%s": %d', async (method, path, status) => {
    expect((await answer(method, `/proxy/billing${path}`, bearer(READER.key))).status).toBe(status);
    expect(gateway.upstream.seen).toHaveLength(status === 200 ? 1 : 0);
  });

  it('counts no method that a field asks for in place of the real one', async () => {
    const override = ['X-HTTP-Method-Override: GET', 'X-Method-Override: GET', 'X-HTTP-Method: GET'];

    expect(await answer('DELETE', '/proxy/billing/invoices', bearer(READER.key), ...override)).toMatchObject(forbidden);
  });

  it.each([
    ['X-Api-Key', [`X-Api-Key: ${SHOP.key}`]],
    ['X-Api-Key in other letters', [`X-API-KEY: ${SHOP.key}`]],
    ['Authorization', [bearer(SHOP.key)]],
    ['both', [`X-Api-Key: ${SHOP.key}`, bearer(SHOP.key)]],
    ['X-Api-Key, and the key of another caller in Authorization', [`X-Api-Key: ${SHOP.key}`, bearer(READER.key)]],
    ['X-Api-Key, named in Connection', [`X-Api-Key: ${SHOP.key}`, 'Connection: x-api-key']],
  ])('forwards no key that came in %s, not even by forwardAuthorizationAs', async (_, fields) => {
    expect((await answer('GET', '/proxy/billing/x', ...fields)).status).toBe(200);
    const [{ rawHeaders, headers }] = gateway.upstream.seen as [(typeof gateway.upstream.seen)[0]];

    expect(rawHeaders.join('\n')).not.toMatch(new RegExp([SHOP, READER].map(({ key }) => key).join('|')));
    expect(headers.authorization).toMatch(/^Bearer token-\d+$/);
    expect(headers['x-caller-authorization']).toBeUndefined();
  });

  it("forwards the caller's own Authorization, if configured, when a key in X-Api-Key opened the door", async () => {
    await answer('GET', '/proxy/billing/x', `X-Api-Key: ${SHOP.key}`, 'Authorization: Bearer of-the-user');

    expect(gateway.upstream.seen[0]!.headers['x-caller-authorization']).toBe('Bearer of-the-user');
  });

  it('shows a caller its own integrations, and what tells of all to those alone who may use all', async () => {
    const names = async (key: string) => {
      const { text } = await answer('GET', '/api/integrations', bearer(key));
      return [...text.matchAll(/"name":"(\w+)"/g)].map(([, name]) => name);
    };

    expect(await names(SHOP.key)).toEqual(['billing']);
    expect(await names(EVERYTHING.key)).toEqual(['billing', 'crm']);
    for (const target of ['/metrics', '/health', '/metrics?x', '/health?x']) {
      const { text, ...refused } = await answer('GET', target, bearer(SHOP.key));
      expect(refused).toMatchObject(forbidden);
      expect(text).not.toContain('crm');
      expect((await answer('GET', target, bearer(EVERYTHING.key))).status).toBe(200);
    }
  });

  it('tells a caller who may use all that an integration or a route does not exist', async () => {
    expect(await answer('GET', '/proxy/nobody/x', bearer(EVERYTHING.key))).toMatchObject({ status: 404 });
    expect(await answer('GET', '/gone', bearer(SHOP.key))).toMatchObject({ status: 404 });
  });

  it.each([
    ['/api/integrations/billing/purge'],
    ['/api/integrations/bill%69ng/purge'],
    ['/api/integrations/crm/purge'],
    ['/api/integrations/crm/purge?all=true'],
    ['/api/integrations/nobody/purge?all=true'],
    ['/api/integrations/nobody/purge'],
    ['/%61pi/integrations/billing/purge'],
  ])('lets a caller purge only if that is granted: %s', async (target) => {
    expect(await answer('POST', target, bearer(SHOP.key))).toMatchObject(forbidden);
    const { status } = await answer('POST', target, bearer(EVERYTHING.key));
    expect(status).toBe(target.includes('nobody') ? 404 : 204);
  });

  it.each([
    ['TRACE', '/proxy/billing/x', []],
    ['PROPFIND', '/proxy/billing/x', []],
    ['OPTIONS', '/proxy/billing/x', ['Access-Control-Request-Method: GET']],
    ['HEAD', '/metrics', []],
    ['GET', '/proxy/billing/x', ['Connection: upgrade', 'Upgrade: websocket']],
    ['GET', '/proxy/billing/x', ['Connection: upgrade, http2-settings', 'Upgrade: h2c', 'HTTP2-Settings: AAAA']],
    ['GET', '/proxy/billing/x', ['X-Original-URL: /health/live', 'X-Rewrite-URL: /health/live']],
    ['GET', '/proxy/billing/x', ['X-Forwarded-For: 127.0.0.1', 'Forwarded: for=127.0.0.1', 'X-Real-IP: 127.0.0.1']],
    ['GET', '/proxy/billing/x', ['Via: 1.1 mintonce, 1.1 mintonce, 1.1 mintonce, 1.1 mintonce, 1.1 mintonce']],
  ])('asks everybody who they are, however they come: %s %s with %j', async (method, target, fields) => {
    expect((await answer(method, target, ...fields)).status).toBe(401);
    expect(gateway.upstream.seen).toEqual([]);
  });

  it('keeps the connection of a caller who is refused, unless a body is on its way', async () => {
    const lines = (method: string, ...fields: string[]) => [
      `${method} /proxy/crm/x HTTP/1.1`,
      `Host: 127.0.0.1:${gateway.port}`,
      bearer(SHOP.key),
      ...fields,
    ];
    const second = `${lines('GET', 'Connection: close').join('\r\n')}\r\n\r\n`;
    const count = ({ text }: { text: string }) => text.match(/HTTP\/1\.1 403/g)?.length;

    expect(count(await rawRequest(gateway.port, lines('GET'), second))).toBe(2);
    expect(count(await rawRequest(gateway.port, lines('POST', 'Content-Length: 9'), second))).toBe(1);
  });

  it('asks again for each request of a connection', async () => {
    const request = (more: string) => `GET /proxy/billing/x HTTP/1.1\r\nHost: 127.0.0.1\r\n${more}\r\n\r\n`;
    const second = request('Connection: close');
    const { text } = await rawRequest(gateway.port, [request(bearer(SHOP.key)).trimEnd()], second);

    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual(['200', '401']);
    expect(gateway.upstream.seen).toHaveLength(1);
  });

  it.each(['/health/live', '/health/ready'])('tells at %s of no integration', async (target) => {
    expect((await answer('GET', target)).text).not.toMatch(/billing|crm/);
  });

  it('asks nobody for a body before the caller is known', async () => {
    const lines = ['POST /proxy/billing/x HTTP/1.1', `Host: 127.0.0.1:${gateway.port}`, 'Expect: 100-continue'];
    const { status, text } = await rawRequest(gateway.port, [...lines, 'Content-Length: 4']);

    expect(status).toBe(401);
    expect(text).not.toContain('100 Continue');
  });

  it('counts the refused requests by door and code', async () => {
    await answer('GET', '/proxy/billing/x');
    const { text } = await answer('GET', '/metrics', bearer(EVERYTHING.key));

    expect(text).toMatch(/^gateway_refusals_total\{door="main",code="GATEWAY_CALLER_UNKNOWN"\} \d+$/m);
  });
});

describe('The audit of a door', () => {
  // A gateway of its own, which has written nothing in this second yet.
  let gateway: GuardedGateway;
  beforeAll(async () => (gateway = await guardedGateway({ access: ACCESS })));
  afterAll(() => gateway?.stop());

  async function send(method: string, path: string, headers: Record<string, string>): Promise<void> {
    await fetch(gateway.url + path, { method, headers });
  }
  const bearer = (key: string, id: string) => ({ authorization: `Bearer ${key}`, 'x-request-id': id });

  it('names a request in its lines as in its answer', async () => {
    const answers = [
      await fetch(`${gateway.url}/proxy/billing/x`),
      await fetch(`${gateway.url}/api/integrations/crm/purge`, {
        method: 'POST',
        headers: { 'x-api-key': EVERYTHING.key },
      }),
    ];

    expect(gateway.auditLines.splice(0).map(({ requestId }) => requestId)).toEqual(
      answers.map(({ headers }) => headers.get('x-request-id')),
    );
  });

  it('writes a line for each refused request and each purge, with the caller and without a credential', async () => {
    await send('GET', '/proxy/crm/x?secret', bearer(SHOP.key, 'order-1'));
    await send('GET', '/proxy/crm/x', bearer('wrong-key', 'order-2'));
    await send('GET', '/metrics', { origin: 'https://evil.example' });
    await send('POST', '/api/integrations/crm/purge', bearer(EVERYTHING.key, 'order-4'));
    await send('POST', '/api/integrations/crm/purge?all=true', bearer(EVERYTHING.key, 'order-5'));
    await send('POST', '/api/integrations/crm/purge?all=sure', bearer(EVERYTHING.key, 'order-6'));
    await send('GET', '/proxy/billing/x', bearer(SHOP.key, 'order-7'));

    expect(gateway.auditLines).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        worker: '0',
        pid: process.pid,
        audit: 'refused',
        door: 'main',
        caller: 'shop',
        method: 'GET',
        status: 403,
        code: 'GATEWAY_CALLER_FORBIDDEN',
        route: '/proxy/*',
        from: '127.0.0.1',
        requestId: 'order-1',
        msg: 'audit',
      },
      expect.objectContaining({ status: 401, caller: null, requestId: 'order-2' }),
      expect.objectContaining({ status: 403, code: 'GATEWAY_ORIGIN_FOREIGN', route: '/metrics' }),
      expect.objectContaining({ audit: 'purged', caller: 'everything', integration: 'crm', requestId: 'order-4' }),
      expect.objectContaining({ audit: 'all purged', caller: 'everything', integration: 'crm', requestId: 'order-5' }),
    ]);
    expect(JSON.stringify(gateway.auditLines)).not.toMatch(/mintonce_|wrong-key|secret/);
  });
});

function withoutDate(text: string): string {
  return text.replace(/^date: .*$/im, '');
}

it('A key is never the same twice, and its hash is the SHA-256 of it', () => {
  const [one, other] = [makeKey(), makeKey()];

  expect(one.key).not.toBe(other.key);
  expect(one.key).toMatch(/^mintonce_[\w-]{43}$/);
  expect(one.sha256).toBe(sha256(one.key));
  expect(one.sha256).toBe(createHash('sha256').update(one.key).digest('hex'));
});

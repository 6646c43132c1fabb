import { makeKey } from './access/make-key.js';
import { OWN_HEADERS } from './proxy/own-headers.js';
import { guardedGateway, type GuardedGateway } from './test/guarded-gateway.js';
import { rawRequest } from './test/raw-request.js';

const { key, sha256 } = makeKey();
const SHOP = { id: 'shop', sha256, integrations: ['*'], purge: true, token: true };

// Terminus has more words for its reports, of which this one decides.
const EXPECTED = { ...OWN_HEADERS, 'cache-control': expect.stringContaining('no-store') as string };

describe("An answer of the gateway's own", () => {
  let gateway: GuardedGateway;

  beforeAll(async () => {
    gateway = await guardedGateway({ access: { apiKeys: [SHOP] }, operations: { port: 1 } });
  });
  afterAll(() => gateway?.stop());

  const portOf = (door: string) => (door === 'operations' ? gateway.operationsPort : gateway.port);
  const fieldsOf = (text: string) => {
    const [head = ''] = text.split('\r\n\r\n');
    return Object.fromEntries(
      head
        .split('\r\n')
        .slice(1)
        .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
  };

  describe.each(['main', 'operations'])('at the door %s', (door) => {
    it.each([
      ['health', 'GET /health', 200],
      ['health for HEAD', 'HEAD /health', 200],
      ['liveness', 'GET /health/live', 200],
      ['readiness', 'GET /health/ready', 200],
      ['metrics', 'GET /metrics', 200],
      ['the API', 'GET /api/integrations', 200],
      ['a purge', 'POST /api/integrations/billing/purge', 204],
      ['a purge of nothing', 'POST /api/integrations/nobody/purge', 404],
      ['a route that is not there', 'GET /nowhere', 404],
      ['a target that cannot be decoded', 'GET /api/%zz', 400],
      ['a method that is not there', 'DELETE /health', 404],
      ['what is asked of no host', 'GET /health', 421, 'Host: a.example'],
      ['what another site asks', 'GET /health', 403, 'Origin: https://a.example'],
      ['an expectation', 'GET /health', 417, 'Expect: tea'],
      ['a tunnel', 'CONNECT a.example:443', 405],
      ['a malformed request', 'GET /health', 400, 'a b'],
      ['a header that is too long', 'GET /health', 431, `a: ${'b'.repeat(20_000)}`],
    ])('is shown as what it is by no browser: %s', async (_, line, status, field = '') => {
      const host = field?.startsWith('Host:') ? [] : ['Host: 127.0.0.1'];
      const lines = [`${line} HTTP/1.1`, ...host, 'Connection: close', `X-Api-Key: ${key}`, ...(field ? [field] : [])];
      const answer = await rawRequest(portOf(door), lines);

      expect(answer.status).toBe(status);
      expect(fieldsOf(answer.text)).toMatchObject(EXPECTED);
    });
  });

  it.each([
    ['a request without a credential', 'GET /proxy/billing/x', 401, undefined],
    ['one for no integration', 'GET /proxy/nobody/x', 404, key],
    ['one that leaves the base', 'GET /proxy/billing/../x', 400, key],
    ['the token itself', 'POST /token/billing', 200, key],
  ])('is shown as what it is by no browser: %s', async (_, line, status, credential) => {
    const lines = [`${line} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close'];
    const answer = await rawRequest(gateway.port, credential ? [...lines, `X-Api-Key: ${credential}`] : lines);

    expect(answer.status).toBe(status);
    expect(fieldsOf(answer.text)).toMatchObject(EXPECTED);
  });

  it.each([200, 404, 500])('leaves the fields of an upstream that answers %d as they are', async (status) => {
    const own = { 'content-security-policy': "default-src 'self'", 'cache-control': 'public, max-age=60' };
    for (const headers of [own, {}]) {
      gateway.upstream.behave((_request, response) => response.writeHead(status, headers).end());
      const response = await fetch(`${gateway.url}/proxy/billing/x`, { headers: { 'x-api-key': key } });
      const named = Object.keys(OWN_HEADERS).filter((name) => name !== 'cache-control' && response.headers.has(name));

      expect(response.headers.get('cache-control')).not.toBe('no-store');
      expect(named).toEqual(headers === own ? ['content-security-policy'] : []);
    }
    gateway.upstream.reset();
  });
});

import { proxyApplication, type ProxyApplication } from '../test/proxy-application.js';
import { rawGet, rawRequest } from '../test/raw-request.js';
import { recordingUpstream, type RecordingUpstream } from '../test/recording-upstream.js';

describe('The target of a proxied request', () => {
  let upstream: RecordingUpstream;
  let other: RecordingUpstream;
  let gateway: ProxyApplication;

  beforeAll(async () => {
    [upstream, other] = await Promise.all([recordingUpstream(), recordingUpstream()]);
    gateway = await proxyApplication({
      billing: { upstream: `${upstream.url}/api` },
      slashed: { upstream: `${upstream.url}/api/` },
      root: { upstream: upstream.url },
    });
  });
  afterAll(async () => {
    await gateway?.close();
    await Promise.all([upstream?.close(), other?.close()]);
  });
  beforeEach(() => {
    upstream.reset();
    other.reset();
  });

  it.each([
    ['/proxy/billing/v1/invoices?a=1&a=2', '/api/v1/invoices?a=1&a=2'],
    ['/proxy/billing', '/api'],
    ['/proxy/billing/', '/api/'],
    ['/proxy/billing?a', '/api?a'],
    ['/proxy/slashed/v1', '/api/v1'],
    ['/proxy/root', '/'],
    ['/proxy/root/x', '/x'],
    ['/proxy/billing/a%3Fb%23c%2Fd', '/api/a%3Fb%23c%2Fd'],
    ['/proxy/billing/a?next=/../..\\%2e%2e;%00', '/api/a?next=/../..\\%2e%2e;%00'],
    ['/proxy/billing//double//slash', '/api//double//slash'],

    ['http://gateway/proxy/billing/absolute-form', '/api/absolute-form'],
  ])('becomes the path below the base and the query, as they were sent: %s', async (target, expected) => {
    expect((await rawGet(gateway.port, target)).status).toBe(200);
    expect(upstream.seen.map(({ url }) => url)).toEqual([expected]);
  });

  it('may be nearly as long as a header', async () => {
    const path = 'long/'.repeat(2_500);

    expect((await rawGet(gateway.port, `/proxy/billing/${path}`)).status).toBe(200);
    expect(upstream.seen.map(({ url }) => url)).toEqual([`/api/${path}`]);
  });

  it.each(['http://OTHER/x', '//OTHER/x', 'http:%2f%2fOTHER/x', '@OTHER/x', ':80@OTHER/x'])(
    'never names another host: /proxy/root/%s',
    async (path) => {
      await rawGet(gateway.port, `/proxy/root/${path.replace('OTHER', new URL(other.url).host)}`);

      expect(other.seen).toEqual([]);
      expect(upstream.seen).toHaveLength(1);
    },
  );

  it.each([
    '/proxy/billing/a\\..\\..\\admin',
    '/proxy/billing/..;/admin',
    '/proxy/billing/%2e%2e%5cadmin',
    '/proxy/billing/../admin',
    '/proxy/billing/%2e%2e/admin',
    '/proxy/billing/..%2fadmin',
    '/proxy/billing/%252e%252e/admin',
    '/proxy/billing/x%00',
    '/proxy/billing/%ff',
    '/proxy/billing/%zz',
    '/proxy/../proxy/billing/x#fragment',
    '/proxy/billing/x#fragment',
    '/%70roxy/billing/x',
  ])('is refused with a problem when it could lead out of the base: %s', async (target) => {
    const { status, text } = await rawGet(gateway.port, target);

    expect(status).toBe(400);
    expect(text).toContain('GATEWAY_PATH_INVALID');
    expect(upstream.seen).toEqual([]);
  });

  it.each(['nobody', 'Billing', 'bill%69ng', '__proto__', 'constructor', 'billing;x'])(
    'names an integration that exists: %s',
    async (name) => {
      const { status, text } = await rawGet(gateway.port, `/proxy/${name}/x`);

      expect(status).toBe(404);
      expect(text).toContain('TOKEN_INTEGRATION_UNKNOWN');
      expect(upstream.seen).toEqual([]);
    },
  );

  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'REPORT', 'PURGE', 'M-SEARCH'])(
    'is reached by %s',
    async (method) => {
      const answer = await rawRequest(gateway.port, [
        `${method} /proxy/billing/x HTTP/1.1`,
        'Host: gateway',
        'Connection: close',
      ]);

      expect(answer.status).toBe(200);
      expect(upstream.seen).toMatchObject([{ method, url: '/api/x' }]);
    },
  );

  it('is not reached by TRACE, which would show the credential', async () => {
    const { status, text } = await rawRequest(gateway.port, [
      'TRACE /proxy/billing/x HTTP/1.1',
      'Host: gateway',
      'Connection: close',
    ]);

    expect(status).toBe(405);
    expect(text).toMatch(/\r\nallow: .*GET/i);
    expect(upstream.seen).toEqual([]);
  });
});

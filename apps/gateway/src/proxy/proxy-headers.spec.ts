import { proxyApplication, type ProxyApplication } from '../test/proxy-application.js';
import { rawGet, rawRequest } from '../test/raw-request.js';
import { recordingUpstream, type RecordingUpstream } from '../test/recording-upstream.js';

describe('The headers of a proxied request', () => {
  let upstream: RecordingUpstream;
  let gateway: ProxyApplication;

  beforeAll(async () => {
    upstream = await recordingUpstream();
    gateway = await proxyApplication({
      billing: { upstream: upstream.url },
      keyed: { upstream: upstream.url, credential: 'X-Api-Token: {token}' },
      open: { upstream: upstream.url, forwardCookies: true, forwardAuthorizationAs: 'X-Caller-Authorization' },
    });
  });
  afterAll(async () => {
    await gateway?.close();
    await upstream?.close();
  });
  beforeEach(() => upstream.reset());

  async function seenWith(headers: readonly string[], integration = 'billing') {
    const { status } = await rawGet(gateway.port, `/proxy/${integration}/x`, headers);
    expect(status).toBe(200);
    expect(upstream.seen).toHaveLength(1);
    return upstream.seen[0]!.headers;
  }

  it("carry the integration's token and the upstream's host", async () => {
    expect(await seenWith([])).toMatchObject({
      authorization: 'Bearer billing-1',
      host: new URL(upstream.url).host,
    });
  });

  it("never carry the caller's credentials, in whatever spelling or number", async () => {
    const seen = await seenWith([
      'Authorization: Basic callers',
      'AUTHORIZATION: Bearer callers',
      'Proxy-Authorization: Basic callers',
      'Cookie: session=callers',
    ]);

    expect(seen.authorization).toBe('Bearer billing-1');
    expect(JSON.stringify(upstream.seen)).not.toContain('callers');
  });

  it('carry the token in the header that the upstream wants, and the caller cannot set that one', async () => {
    const seen = await seenWith(
      [
        'Authorization: Basic callers',
        'x-api-token: callers',
        'X_Api_Token: callers',
        'Connection: close, x-api-token',
      ],
      'keyed',
    );

    expect(seen).toMatchObject({ 'x-api-token': 'keyed-1' });
    expect(JSON.stringify(upstream.seen)).not.toContain('callers');
  });

  it('carry cookies, and the authorization under another name, where that is configured', async () => {
    const seen = await seenWith(['Authorization: Basic callers', 'Cookie: session=callers'], 'open');

    expect(seen).toMatchObject({
      authorization: 'Bearer open-1',
      'x-caller-authorization': 'Basic callers',
      cookie: 'session=callers',
    });
  });

  it.each([
    'authorization',
    'Authorization, host, x-forwarded-for, x-request-id, content-length',
    'close, AUTHORIZATION',
    'keep-alive, authorization, close',
  ])('keep the token when the caller sends "Connection: %s"', async (connection) => {
    const seen = await seenWith([
      ...(connection.includes('close') ? [] : ['Connection: close']),
      `Connection: ${connection}`,
    ]);

    expect(seen).toMatchObject({
      authorization: 'Bearer billing-1',
      'x-forwarded-for': '127.0.0.1',
      'x-request-id': expect.any(String),
    });
  });

  it.each([
    ['Keep-Alive: timeout=5'],
    ['Upgrade: websocket'],
    ['Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings, close', 'HTTP2-Settings: AAMAAABkAAQAAP__'],
    ['Expect: 100-continue'],
    ['TE: trailers'],
    ['Trailer: X-Checksum'],
    ['Proxy-Connection: keep-alive'],
    ['Proxy-Authorization: Basic callers'],
    ['Proxy-Anything: x'],
    ['HTTP2-Settings: AAMAAABkAAQAAP__'],
    ['Connection: X-Secret, close', 'X-Secret: s'],
    ['Forwarded: for=1.2.3.4;proto=https'],
    ['X-Real-IP: 1.2.3.4'],
    ['X_Real_IP: 1.2.3.4'],
    ['X_Forwarded_For: 1.2.3.4'],
    ['x-forwarded_proto: https'],
    ['Transfer_Encoding: chunked'],
    ['Content_Length: 7'],
    ['Proxy_Authorization: Basic callers'],
    ['X_Request_Id: callers'],
    ['Proxy: http://evil.example'],
    ['X-Original-URL: /admin'],
    ['X_Original_URL: /admin'],
    ['X-Rewrite-URL: /admin'],
  ])('end at the gateway when they concern one hop or tell who is asking: %s', async (...headers) => {
    const seen = await seenWith(headers);

    expect(seen.connection).toBe('keep-alive');
    for (const header of headers) {
      const name = header.split(':')[0]!.toLowerCase();
      if (name !== 'connection') expect(seen).not.toHaveProperty(name);
    }
  });

  it('answer 100 to a caller who expects it, and send the body', async () => {
    const answer = await rawRequest(
      gateway.port,
      ['POST /proxy/billing/x HTTP/1.1', 'Host: g', 'Connection: close', 'Expect: 100-continue', 'Content-Length: 4'],
      'body',
    );

    expect(answer.text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
    expect(upstream.seen[0]!.body.toString()).toBe('body');
  });

  it('say who is asking, below what the caller claims', async () => {
    const seen = await seenWith([
      'X-Forwarded-For: 1.2.3.4',
      'X-Forwarded-Host: claimed.example',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Prefix: /claimed',
    ]);

    expect(seen).toMatchObject({
      'x-forwarded-for': '1.2.3.4, 127.0.0.1',
      'x-forwarded-host': 'gateway',
      'x-forwarded-proto': 'http',
    });
    expect(seen).not.toHaveProperty('x-forwarded-prefix');
  });

  it("never carry the caller's own copy of the field that forwards its authorization", async () => {
    const copies = ['X-Caller-Authorization: Basic forged', 'x_caller_authorization: Basic forged'];

    expect(await seenWith(copies, 'open')).not.toHaveProperty('x-caller-authorization');
    upstream.reset();
    expect(await seenWith([...copies, 'Authorization: Basic callers'], 'open')).toMatchObject({
      'x-caller-authorization': 'Basic callers',
    });
    expect(JSON.stringify(upstream.seen)).not.toContain('forged');
  });

  it.each([
    [[], '1.1 mintonce'],
    [['Via: 1.0 fred, 1.1 p.example (a)'], '1.0 fred, 1.1 p.example (a), 1.1 mintonce'],
    [['Via: 1.1 mintonce', 'Via: 1.1 mintonce'], '1.1 mintonce, 1.1 mintonce, 1.1 mintonce'],
  ])('say in Via that they came through the gateway: %j', async (headers, via) => {
    expect(await seenWith(headers)).toMatchObject({ via });
  });

  it('are refused with 508 when they came through gateways again and again', async () => {
    const { status, text } = await rawGet(gateway.port, '/proxy/billing/x', [
      `Via: ${'1.1 mintonce, '.repeat(5)}1.1 a`,
    ]);

    expect(status).toBe(508);
    expect(text).toContain('GATEWAY_LOOP');
    expect(upstream.seen).toEqual([]);
  });

  it('pass everything else on: trace context, content negotiation, odd content types', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const seen = await seenWith([
      `traceparent: ${traceparent}`,
      'tracestate: a=b',
      'Accept-Encoding: br, gzip',
      'If-None-Match: "etag"',
      'Content-Type: application/json\t; charset=utf-8',
      'X-Repeated: a',
      'X-Repeated: b',
      'X-Latin: caf\xe9',
    ]);

    expect(seen).toMatchObject({
      traceparent,
      tracestate: 'a=b',
      'accept-encoding': 'br, gzip',
      'if-none-match': '"etag"',
      'content-type': 'application/json\t; charset=utf-8',
      'x-repeated': 'a, b',
      'x-latin': 'caf\xe9',
    });
  });

  it.each(['order-4711', '0af7651916cd43dd8448eb211c80319c', 'a.b_c-d'])(
    'keep the request id that the caller gave, and tell it: %s',
    async (id) => {
      const { text } = await rawGet(gateway.port, '/proxy/billing/x', [`X-Request-Id: ${id}`]);

      expect(upstream.seen[0]!.headers['x-request-id']).toBe(id);
      expect(text).toContain(`\r\nx-request-id: ${id}\r\n`);
    },
  );

  it.each(['', 'a b', '<script>', '../x', 'a'.repeat(129), '"'])(
    'replace a request id that may do harm: %s',
    async (id) => {
      const { 'x-request-id': seen } = await seenWith([`X-Request-Id: ${id}`]);

      expect(seen).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  it.each(['websocket', 'WebSocket', 'TLS/1.0'])(
    'are refused with 501 when they ask to upgrade to %s',
    async (protocol) => {
      const { status, text } = await rawGet(gateway.port, '/proxy/billing/x', [
        'Connection: Upgrade, close',
        `Upgrade: ${protocol}`,
      ]);

      expect(status).toBe(501);
      expect(text).toContain('GATEWAY_UPGRADE_UNSUPPORTED');
      expect(upstream.seen).toEqual([]);
    },
  );
});

describe('The headers of a proxied response', () => {
  let upstream: RecordingUpstream;
  let gateway: ProxyApplication;

  beforeAll(async () => {
    upstream = await recordingUpstream();
    gateway = await proxyApplication({
      billing: { upstream: upstream.url },
      open: { upstream: upstream.url, forwardCookies: true },
    });
  });
  afterAll(async () => {
    await gateway?.close();
    await upstream?.close();
  });
  beforeEach(() => upstream.reset());

  it.each([
    ['Keep-Alive', 'timeout=5'],
    ['Proxy-Authenticate', 'Basic'],
    ['Trailer', 'X-Checksum'],
    ['Upgrade', 'h2c'],
    ['Set-Cookie', 'session=upstreams'],
  ])('do not tell the caller %s', async (name, value) => {
    upstream.behave((_request, response) => response.writeHead(200, { [name]: value }).end('ok'));

    const { text } = await rawGet(gateway.port, '/proxy/billing/x');

    expect(text).not.toContain(value);
  });

  it('do not tell what their Connection field names', async () => {
    upstream.behave((_request, response) =>
      response.writeHead(200, { Connection: 'X-Hop, close', 'X-Hop': 'secret', 'X-End': 'kept' }).end('ok'),
    );

    const { text } = await rawGet(gateway.port, '/proxy/billing/x');

    expect(text).not.toContain('secret');
    expect(text).toContain('x-end: kept');
  });

  it('keep repetition, order and bytes', async () => {
    upstream.behave((_request, response) =>
      response.writeHead(200, ['X-Twice', 'a', 'X-Twice', 'b', 'X-Latin', 'caf\xe9', 'X-Empty', '']).end('ok'),
    );

    const { text } = await rawGet(gateway.port, '/proxy/billing/x');

    expect(text).toMatch(/x-twice: a\r\nx-twice: b\r\nx-latin: caf\xe9\r\nx-empty: \r\n/);
  });

  it.each([
    [undefined, 'private'],
    ['max-age=60', 'max-age=60, private'],
    ['no-cache', 'no-cache, private'],
    ['x-public', 'x-public, private'],
    ['public, max-age=60', 'public, max-age=60'],
    ['max-age=60,PRIVATE', 'max-age=60,PRIVATE'],
    ['private="x-a"', 'private="x-a"'],
    ['no-store', 'no-store'],
    ['s-maxage=60', 's-maxage=60'],
    ['max-age=60, must-revalidate', 'max-age=60, must-revalidate'],
  ])('let shared caches keep no more than the upstream would: Cache-Control %s', async (given, told) => {
    upstream.behave((_request, response) => {
      response.writeHead(200, given === undefined ? {} : { 'cache-control': given }).end('ok');
    });

    expect((await fetch(`${gateway.url}/proxy/billing/x`)).headers.get('cache-control')).toBe(told);
  });

  it('set cookies where that is configured', async () => {
    upstream.behave((_request, response) => response.writeHead(200, { 'Set-Cookie': ['a=1', 'b=2'] }).end('ok'));

    const { text } = await rawGet(gateway.port, '/proxy/open/x');

    expect(text).toMatch(/set-cookie: a=1\r\nset-cookie: b=2\r\n/);
  });

  it('tell of a redirect, which is not followed', async () => {
    upstream.behave((_request, response) => response.writeHead(302, { Location: 'https://elsewhere.example/x' }).end());

    const { status, text } = await rawGet(gateway.port, '/proxy/billing/x');

    expect(status).toBe(302);
    expect(text).toContain('location: https://elsewhere.example/x');
    expect(upstream.seen).toHaveLength(1);
  });
});

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { waitFor } from '@mintonce/test-support';
import { guardedGateway, type GuardedGateway, sha256 } from '../test/guarded-gateway.js';
import { rawRequest } from '../test/raw-request.js';

const KEY = 'mintonce_key-of-the-shop-0123456789';
const ACCESS = { apiKeys: [{ id: 'shop', sha256: sha256(KEY), integrations: ['billing'] }] };
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
/** Words that no line may hold. */
const SECRETS = /s3cret|key-of-the-shop|token-\d|authorization|cookie|x-api-key|user-agent/i;

const PAGE = readFileSync(join(__dirname, '../../../../docs/log.md'), 'utf8');

describe('A line for each request', () => {
  let gateway: GuardedGateway;
  afterEach(() => gateway?.stop());

  const requestLines = () => gateway.log.lines.filter(({ msg }) => msg === 'request');

  async function start(file: object = {}, env: NodeJS.ProcessEnv = {}, integration: object = {}): Promise<void> {
    gateway = await guardedGateway(file, integration, () => {}, env);
  }

  async function get(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(gateway.url + path, init);
    await response.arrayBuffer();
    return response;
  }

  /** The line of the request with that id, which is written once the answer is sent. */
  async function lineOf(requestId: string): Promise<Record<string, unknown>> {
    return waitFor(() => requestLines().find((line) => line['requestId'] === requestId));
  }

  it('says who asked what of which integration, how it ended, how long it took and how much was sent, as docs/log.md has it', async () => {
    await start({ access: ACCESS });
    gateway.upstream.behave((_request, response) => response.end('x'.repeat(10_000)));
    const headers = {
      'x-request-id': 'order-1',
      traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01`,
      authorization: `Bearer ${KEY}`,
      cookie: 'sid=s3cret',
    };
    await get('/proxy/billing/v1/invoices?key=s3cret', { method: 'POST', headers, body: 's3cret'.repeat(1_000) });

    const line = await lineOf('order-1');
    expect(line).toEqual({
      level: 'info',
      time: expect.any(String),
      worker: '0',
      pid: process.pid,
      requestId: 'order-1',
      traceId: TRACE_ID,
      door: 'main',
      caller: 'shop',
      integration: 'billing',
      method: 'POST',
      path: '/proxy/billing/v1/invoices',
      status: 200,
      durationMs: expect.any(Number),
      tokenMs: expect.any(Number),
      upstreamMs: expect.any(Number),
      receivedBytes: expect.any(Number),
      sentBytes: expect.any(Number),
      msg: 'request',
    });
    const example = JSON.parse(/```json\n(.*?)```/s.exec(PAGE)![1]!) as object;
    expect([...Object.keys(line), 'sampleShare'].sort()).toEqual(Object.keys(example).sort());
    for (const field of Object.keys(line)) expect(PAGE).toContain(`\`${field}\``);
    expect(line['receivedBytes']).toBeGreaterThan(6_000);
    expect(line['sentBytes']).toBeGreaterThan(10_000);
    expect(Number(line['tokenMs']) + Number(line['upstreamMs'])).toBeLessThanOrEqual(Number(line['durationMs']) + 0.2);
    expect(gateway.log.text()).not.toMatch(SECRETS);
  });

  it('counts the bytes of each request of a connection for itself', async () => {
    await start();
    gateway.upstream.behave((request, response) => response.end('x'.repeat(request.url!.endsWith('long') ? 9_000 : 1)));
    for (const path of ['short', 'long', 'short']) await get(`/proxy/billing/${path}`);

    const lines = await waitFor(() => requestLines().length === 3 && requestLines());
    expect(lines.map(({ sentBytes }) => Number(sentBytes) > 9_000)).toEqual([false, true, false]);
  });

  it('has the id of the answer and of what the upstream was sent', async () => {
    await start();
    const id = (await get('/proxy/billing/x')).headers.get('x-request-id');

    expect(await lineOf(`${id}`)).toMatchObject({ status: 200 });
    expect(gateway.upstream.seen[0]?.headers['x-request-id']).toBe(id);
  });

  it.each([
    ['an integration that is not there', '/proxy/other/x', { status: 404, code: 'TOKEN_INTEGRATION_UNKNOWN' }],
    ['a path that is refused', '/proxy/billing/a%2f..%2fb', { status: 400, code: 'GATEWAY_PATH_INVALID' }],
    ['a target that cannot be decoded', '/health/%ff', { status: 400, code: 'GATEWAY_PATH_INVALID' }],
    ['a route that is not there', '/nowhere?s3cret', { status: 404, code: 'GATEWAY_HTTP_404', path: '/nowhere' }],
  ])('names the code of the problem for %s', async (_what, target, expected) => {
    await start({ log: { sampleSuccesses: 0 } });
    await rawRequest(gateway.port, [
      `GET ${target} HTTP/1.1`,
      'Host: localhost',
      'Connection: close',
      'x-request-id: a',
    ]);

    expect(await lineOf('a')).toMatchObject({ level: 'info', ...expected });
    expect(gateway.log.text()).not.toMatch(SECRETS);
  });

  it('names the cause when the upstream cannot be reached, as a warning', async () => {
    await start();
    await gateway.upstream.close();
    await get('/proxy/billing/x', { headers: { 'x-request-id': 'a' } });

    expect(await lineOf('a')).toMatchObject({
      level: 'warn',
      integration: 'billing',
      status: 502,
      code: 'GATEWAY_UPSTREAM_UNREACHABLE',
      cause: 'ECONNREFUSED',
      upstreamMs: expect.any(Number),
    });
  });

  it('has no time of the upstream when no token was to be had', async () => {
    await start();
    gateway.idp.isUp = false;
    await get('/proxy/billing/x', { headers: { 'x-request-id': 'a' } });

    const line = await lineOf('a');
    expect(line).toMatchObject({
      level: 'warn',
      status: 503,
      code: 'TOKEN_SOURCE_UNAVAILABLE',
      tokenMs: expect.any(Number),
    });
    expect(line).not.toHaveProperty('upstreamMs');
  });

  it('says that the request was sent again after a 401', async () => {
    await start();
    await get('/proxy/billing/x');
    gateway.upstream.behave((request, response) => {
      const isRefused = request.headers.authorization === 'Bearer token-1';
      response.writeHead(
        isRefused ? 401 : 200,
        isRefused ? { 'www-authenticate': 'Bearer error="invalid_token"' } : {},
      );
      response.end();
    });
    await get('/proxy/billing/x', { headers: { 'x-request-id': 'a' } });

    expect(await lineOf('a')).toMatchObject({ status: 200, retries: 1 });
  });

  it('says that the upstream broke the answer off, as a warning', async () => {
    await start();
    gateway.upstream.behave((request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setImmediate(() => request.socket.destroy());
    });
    await get('/proxy/billing/x', { headers: { 'x-request-id': 'a' } }).catch(() => {});

    expect(await lineOf('a')).toMatchObject({
      level: 'warn',
      status: 200,
      isComplete: false,
      cause: expect.any(String),
    });
  });

  it.each([
    ['before the answer', 499, () => {}],
    ['in the middle of it', 200, 'half'],
  ])('says that the caller left %s', async (_when, status, part) => {
    await start();
    gateway.upstream.behave((_request, response) => {
      if (typeof part === 'string') response.writeHead(200, { 'content-length': '100' }).write(part);
    });
    const socket = connect(gateway.port, '127.0.0.1');
    socket.write('GET /proxy/billing/x HTTP/1.1\r\nHost: localhost\r\nx-request-id: a\r\n\r\n');
    if (typeof part === 'string') await once(socket, 'data');
    else await waitFor(() => gateway.upstream.seen.length > 0);
    socket.destroy();

    const line = await lineOf('a');
    expect(line).toMatchObject({ level: 'info', status, isComplete: false });
    expect(line).not.toHaveProperty('cause');
  });

  it('is the audit line for a request that a door refused', async () => {
    await start({ access: ACCESS });
    for (const key of ['wrong-s3cret', KEY]) await get('/proxy/crm/x?s3cret', { headers: { 'x-api-key': key } });
    await get('/proxy/billing/x', { headers: { 'x-api-key': KEY, 'x-request-id': 'last' } });
    await lineOf('last');

    expect(requestLines()).toHaveLength(1);
    expect(gateway.auditLines).toMatchObject([{ status: 401 }, { status: 403, caller: 'shop' }]);
    expect(gateway.log.text()).not.toMatch(SECRETS);
  });

  it('has no path where it is refused before the door, since anybody may put anything there', async () => {
    await start({ access: ACCESS });
    await rawRequest(gateway.port, ['GET /s3cret HTTP/1.1', 'Host: localhost', 'Expect: s3cret', 'Connection: close']);

    const [line] = await waitFor(() => requestLines().length > 0 && requestLines());
    expect(line).toMatchObject({ status: 417, code: 'GATEWAY_EXPECTATION_UNSUPPORTED' });
    expect(gateway.log.text()).not.toMatch(SECRETS);
  });

  it.each([
    ['debug', '/health/live', 1],
    ['info', '/health/live', 0],
    ['info', '/metrics', 0],
    ['info', '/proxy/billing/x', 1],
    ['warn', '/proxy/billing/x', 0],
    ['silent', '/proxy/other/x', 0],
    ['warn', '/proxy/other/x', 0],
    ['info', '/proxy/other/x', 1],
  ])('with LOG_LEVEL=%s for %s is written %d times', async (level, path, count) => {
    await start({}, { LOG_LEVEL: level });
    await get(path, { headers: { 'x-request-id': 'a' } });
    // This one is answered after the line of the first is written.
    await get('/health/live');

    expect(requestLines().filter(({ requestId }) => requestId === 'a')).toHaveLength(count);
  });

  it('tells the share that is sampled, and a failure always has one', async () => {
    await start({ log: { sampleSuccesses: 0.5 } });
    for (let index = 0; index < 50; index++) await get('/proxy/billing/x');
    for (let index = 0; index < 10; index++) await get('/proxy/other/x', { headers: { 'x-request-id': 'failed' } });

    await waitFor(() => requestLines().filter(({ requestId }) => requestId === 'failed').length === 10);
    const successes = requestLines().filter(({ status }) => status === 200);
    expect(successes.length).toBeGreaterThan(0);
    expect(successes.length).toBeLessThan(50);
    for (const line of successes) expect(line['sampleShare']).toBe(0.5);
    for (const line of requestLines().filter(({ status }) => status === 404))
      expect(line).not.toHaveProperty('sampleShare');
  });

  it('is written for a success that took long, whatever the share', async () => {
    await start({ log: { sampleSuccesses: 0, slowMs: 0.001 } });
    await get('/proxy/billing/x', { headers: { 'x-request-id': 'slow' } });

    expect(await lineOf('slow')).not.toHaveProperty('sampleShare');
  });

  it('has no path if the file says so', async () => {
    await start({ log: { paths: false } });
    await get('/proxy/billing/s3cret', { headers: { 'x-request-id': 'a' } });

    expect(await lineOf('a')).not.toHaveProperty('path');
    expect(gateway.log.text()).not.toMatch(SECRETS);
  });

  it('names the door through which it came', async () => {
    await start({ operations: { port: 0 } }, { LOG_LEVEL: 'debug' });
    await fetch(`${gateway.operationsUrl}/health/live`, { headers: { 'x-request-id': 'a' } });

    expect(await lineOf('a')).toMatchObject({ level: 'debug', door: 'operations', path: '/health/live' });
  });
});

it('Audit lines are written whatever the level of the log', async () => {
  const gateway = await guardedGateway({ access: ACCESS }, {}, () => {}, { LOG_LEVEL: 'silent' });
  await fetch(`${gateway.url}/proxy/billing/x`);

  expect(gateway.auditLines).toMatchObject([{ audit: 'refused', status: 401 }]);
  await gateway.stop();
});

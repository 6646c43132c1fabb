import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { waitFor } from '@mintonce/test-support';
import { type Limits } from '../config/limits.js';
import { proxyApplication, type ProxyApplication } from '../test/proxy-application.js';
import { rawRequest } from '../test/raw-request.js';
import { recordingUpstream, type RecordingUpstream } from '../test/recording-upstream.js';

const GET = 'GET /proxy/billing/x HTTP/1.1\r\nHost: gateway\r\n\r\n';

describe('The server of the gateway', () => {
  let upstream: RecordingUpstream;
  let gateway: ProxyApplication;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    upstream = await recordingUpstream();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await gateway?.close();
    await upstream?.close();
  });

  async function start(options: object = {}, limits: Partial<Limits> = {}): Promise<void> {
    gateway = await proxyApplication({ billing: { upstream: upstream.url, ...options } }, undefined, limits);
  }

  function open(): Socket {
    const socket = connect(gateway.port, '127.0.0.1');
    sockets.push(socket.on('error', () => {}));
    return socket;
  }

  /** Answers of the upstream that it keeps back until they are let go. */
  function held() {
    const answers: (() => void)[] = [];
    upstream.behave((_request, response) => answers.push(() => response.end('late')));
    return { count: () => answers.length, letGo: () => answers.splice(0).forEach((answer) => answer()) };
  }

  async function answer(lines: readonly string[], body = '') {
    const { status, text } = await rawRequest(gateway.port, lines, body);
    return { status, code: /"code":"(\w+)"/.exec(text)?.[1], text };
  }

  const post = (...fields: string[]) => ['POST /proxy/billing/x HTTP/1.1', 'Host: gateway', ...fields];

  describe('when a caller pipelines', () => {
    it('serves one request of a connection at a time, and answers in order', async () => {
      await start();
      let atOnce = 0;
      let most = 0;
      upstream.behave((request, response) => {
        most = Math.max(most, ++atOnce);
        setImmediate(() => {
          atOnce--;
          response.end(`<${request.url}>`);
        });
      });
      const requests = Array.from({ length: 200 }, (_, index) => GET.replace('/x', `/${index}`)).join('');
      const socket = open();
      socket.write(`${requests}${GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')}`);

      const numbers = [...(await text(socket)).matchAll(/<\/(\d+)>/g)].map(([, number]) => Number(number));
      expect(numbers).toEqual(Array.from({ length: 200 }, (_, index) => index));
      expect(most).toBe(1);
    });

    it('reads no further than a few requests while the first has no answer, and forgets them with the connection', async () => {
      await start();
      const answers = held();
      const socket = open();
      const many = GET.repeat(5_000);
      let isHeldBack = false;
      const feed = setInterval(() => {
        isHeldBack = socket.writableNeedDrain;
        if (!isHeldBack) socket.write(many);
      }, 1);
      let heldFor = 0;
      await waitFor(() => (heldFor = isHeldBack ? heldFor + 1 : 0) > 10);
      clearInterval(feed);
      expect(answers.count()).toBe(1);
      socket.destroy();
      answers.letGo();

      upstream.reset();
      expect((await fetch(`${gateway.url}/proxy/billing/y`)).status).toBe(200);
      // A write or two go by before the system tells that nobody reads.
      expect(upstream.seen.filter(({ url }) => url !== '/y').length).toBeLessThan(5);
    });

    it('serves them all when their bodies come late', async () => {
      await start();
      const socket = open();
      const head = 'POST /proxy/billing/x HTTP/1.1\r\nHost: gateway\r\nContent-Length: 4\r\n';
      socket.write(`${`${head}\r\nbody`.repeat(50)}${head}Connection: close\r\n\r\n`);
      await waitFor(() => upstream.seen.length === 50);
      socket.write('last');
      await text(socket);

      expect(upstream.seen.map(({ body }) => String(body))).toEqual([...Array<string>(50).fill('body'), 'last']);
    });
  });

  describe('at its limits', () => {
    it('answers 503 with Retry-After to requests beyond those in flight, until one is answered', async () => {
      await start({}, { inFlight: 2 });
      const answers = held();
      const first = [fetch(`${gateway.url}/proxy/billing/1`), fetch(`${gateway.url}/proxy/billing/2`)];
      await waitFor(() => answers.count() === 2);

      const refused = await fetch(`${gateway.url}/proxy/billing/3`);
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
      expect(await refused.json()).toMatchObject({ code: 'GATEWAY_OVERLOADED' });
      answers.letGo();
      for (const response of await Promise.all(first)) expect(await response.text()).toBe('late');
      upstream.reset();
      await waitFor(async () => (await fetch(`${gateway.url}/proxy/billing/4`)).status === 200);
    });

    it('leaves half of those to the other integrations while the upstream of one is slow', async () => {
      gateway = await proxyApplication(
        { billing: { upstream: upstream.url }, other: { upstream: upstream.url } },
        undefined,
        { inFlight: 4 },
      );
      const answers = held();
      const call = (path: string) => fetch(`${gateway.url}/proxy/${path}`);
      const slow = [call('billing/1'), call('billing/2')];
      await waitFor(() => answers.count() === 2);

      const refused = await call('billing/3');
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
      expect(await refused.json()).toMatchObject({ code: 'GATEWAY_OVERLOADED' });
      upstream.behave((_request, response) => response.end('fast'));
      expect(await (await call('other/1')).text()).toBe('fast');
      answers.letGo();
      for (const response of await Promise.all(slow)) expect(await response.text()).toBe('late');
      await waitFor(async () => (await call('billing/4')).status === 200);
    });

    it('opens no more connections to an upstream, and answers 503 to who gets none in time', async () => {
      await start({ maxConnections: 2, timeouts: { connectMs: 100 } });
      const answers = held();
      let connections = 0;
      upstream.server.on('connection', () => connections++);
      const first = [fetch(`${gateway.url}/proxy/billing/1`), fetch(`${gateway.url}/proxy/billing/2`)];
      await waitFor(() => answers.count() === 2);

      const refused = await Promise.all([3, 4, 5].map((path) => fetch(`${gateway.url}/proxy/billing/${path}`)));
      for (const response of refused) {
        expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
        expect(await response.json()).toMatchObject({ code: 'GATEWAY_UPSTREAM_BUSY' });
      }
      answers.letGo();
      for (const response of await Promise.all(first)) expect(await response.text()).toBe('late');
      upstream.behave((_request, response) => response.end('ok'));
      expect(await (await fetch(`${gateway.url}/proxy/billing/6`)).text()).toBe('ok');
      expect(upstream.seen.map(({ url }) => url).sort()).toEqual(['/1', '/2', '/6']);
      expect(connections).toBe(2);
    });

    it('answers 503 with Retry-After to a connection beyond those that are open, until one closes', async () => {
      await start({}, { connections: 2 });
      const kept = [open(), open()];
      for (const socket of kept) {
        socket.write(GET);
        await once(socket, 'data');
      }
      const refused = await answer(['GET /proxy/billing/x HTTP/1.1', 'Host: gateway']);

      expect(refused).toMatchObject({ status: 503, code: 'GATEWAY_OVERLOADED' });
      expect(refused.text).toMatch(/^retry-after: 1\r$/m);
      expect(upstream.seen).toHaveLength(2);
      kept[0]!.destroy();
      const again = ['GET /proxy/billing/x HTTP/1.1', 'Host: gateway', 'Connection: close'];
      await waitFor(async () => (await answer(again)).status === 200);
    });
  });

  describe('when a body does not come', () => {
    it('answers 408 to one that is kept, and closes the connection', async () => {
      await start({ timeouts: { bodyMs: 100 } });

      expect(await answer(post('Content-Length: 10'), 'abc')).toMatchObject({
        status: 408,
        code: 'GATEWAY_BODY_TIMEOUT',
      });
      expect(upstream.seen).toEqual([]);
    });

    it('answers 408 to one that is kept and comes byte by byte for too long', async () => {
      await start({ timeouts: { bodyMs: 200 } });
      const socket = open();
      socket.write(`${post('Content-Length: 60000').join('\r\n')}\r\n\r\n`);
      const drip = setInterval(() => socket.write('x'), 20);
      socket.once('close', () => clearInterval(drip));

      expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /);
      expect(upstream.seen).toEqual([]);
    });

    it.each([
      ['of known length', 'Content-Length: 100000'],
      ['in chunks', 'Transfer-Encoding: chunked'],
    ])('answers 408 to one that is streamed, %s', async (_, field) => {
      await start({ timeouts: { bodyMs: 100 } });

      expect(await answer(post(field))).toMatchObject({ status: 408, code: 'GATEWAY_BODY_TIMEOUT' });
    });

    it('closes the connection a while after an answer that came before the rest of the body', async () => {
      await start();
      upstream.behave((_request, response) => response.end('early'), { streaming: true });
      const { status, text } = await answer(post('Content-Length: 100000'), 'part');

      expect([status, text.includes('early')]).toEqual([200, true]);
    });
  });

  it('forwards the body of a request with as many header fields as are allowed', async () => {
    await start();
    const many = Array.from({ length: 900 }, (_, index) => `a${index}: b`);

    expect(await answer(post(...many, 'Connection: close', 'Content-Length: 4'), 'body')).toMatchObject({
      status: 200,
    });
    expect(upstream.seen.map(({ body }) => String(body))).toEqual(['body']);
  });

  it.each([
    ['of known length', 'Content-Length: 12', 'smuggled-now'],
    ['in chunks', 'Transfer-Encoding: chunked', '2\r\nok\r\n0\r\n\r\n'],
  ])('answers 431 to more fields than that, before a body %s', async (_, framing, body) => {
    await start();
    const many = Array.from({ length: 1_000 }, () => 'a: b');

    expect(await answer(post(...many, 'Connection: close', framing), body)).toMatchObject({
      status: 431,
      code: 'GATEWAY_HEADERS_TOO_MANY',
    });
    expect(upstream.seen).toEqual([]);
  });

  it.each([
    ['no host', ['GET /proxy/billing/x HTTP/1.1', 'Connection: close'], 400, 'GATEWAY_HOST_INVALID'],
    ['the version 2.0', ['GET /proxy/billing/x HTTP/2.0', 'Host: gateway'], 505, 'GATEWAY_HTTP_VERSION_UNSUPPORTED'],
    ['the version 0.9', ['GET /proxy/billing/x HTTP/0.9', 'Host: gateway'], 505, 'GATEWAY_HTTP_VERSION_UNSUPPORTED'],
    ['a malformed line', ['GET /proxy/billing/x HTTP/1.1', 'Host: gateway', 'a b'], 400, 'GATEWAY_HTTP_400'],
    ['no request at all', ['\x16\x03\x01'], 400, 'GATEWAY_HTTP_400'],
    [
      'a header that is too long',
      ['GET /proxy/billing/x HTTP/1.1', 'Host: gateway', `a: ${'b'.repeat(20_000)}`],
      431,
      'GATEWAY_HEADERS_TOO_LARGE',
    ],
    [
      'an unknown expectation',
      ['GET /proxy/billing/x HTTP/1.1', 'Host: gateway', 'Connection: close', 'Expect: tea'],
      417,
      'GATEWAY_EXPECTATION_UNSUPPORTED',
    ],
    ['a tunnel', ['CONNECT billing.example:443 HTTP/1.1', 'Host: billing.example'], 405, 'GATEWAY_METHOD_UNSUPPORTED'],
  ])('answers a request with %s by a problem document', async (_, lines, status, code) => {
    await start();
    const refused = await answer(lines);

    expect(refused).toMatchObject({ status, code });
    expect(refused.text).toMatch(/^content-type: application\/problem\+json\r$/im);
    expect(upstream.seen).toEqual([]);
  });

  it.each([
    ['is too long', '/proxy/billing/x', 'Content-Length: 2000', 413],
    ['is for nobody', '/proxy/nobody/x', 'Content-Length: 4', 404],
    ['is for a path that is refused', '/proxy/billing/../x', 'Content-Length: 4', 400],
  ])('does not ask for a body that %s', async (_, target, length, status) => {
    await start({ bodyLimitBytes: 1_000 });
    const lines = [`POST ${target} HTTP/1.1`, 'Host: gateway', 'Expect: 100-continue', length];
    const refused = await answer(lines);

    expect(refused.status).toBe(status);
    expect(refused.text).not.toContain('100 Continue');
  });
});

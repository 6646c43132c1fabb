import { createServer as createHttpsServer } from 'node:https';
import { type Socket } from 'node:net';
import { freePort, selfSignedCertificate, waitFor } from '@mintonce/test-support';
import {
  TokenResponseInvalidError,
  TokenSourceRejectedError,
  TokenSourceUnavailableError,
} from '@mintonce/token-cache';
import { proxyApplication, type ProxyApplication } from '../test/proxy-application.js';
import { rawUpstream } from '../test/raw-upstream.js';
import { recordingUpstream, type RecordingUpstream } from '../test/recording-upstream.js';

describe('A failure becomes a problem document', () => {
  let gateway: ProxyApplication | undefined;
  const cleanUp: (() => unknown)[] = [];

  afterEach(async () => {
    await gateway?.close();
    gateway = undefined;
    for (const clean of cleanUp.splice(0)) await clean();
  });

  async function problemWith(upstream: object, path = 'billing/x', init?: RequestInit) {
    gateway = await proxyApplication({ billing: upstream });
    return problemOf(path, init);
  }

  async function problemOf(path: string, init?: RequestInit) {
    const response = await fetch(`${gateway!.url}/proxy/${path}`, init);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const body = (await response.json()) as Record<string, unknown>;
    expect(body).toEqual({
      type: `urn:mintonce:problem:${String(body.code)}`,
      title: expect.any(String),
      status: response.status,
      detail: expect.any(String),
      instance: response.headers.get('x-request-id'),
      code: expect.any(String),
    });
    expect(JSON.stringify(body)).not.toMatch(/127\.0\.0\.1|localhost|ECONN|UND_ERR|billing-1/);
    return { status: response.status, code: body.code, retryAfter: response.headers.get('retry-after') };
  }

  async function withRawUpstream(answer: (socket: Socket) => void, options: object = {}) {
    const { url, close } = await rawUpstream(answer);
    cleanUp.push(close);
    return problemWith({ upstream: url, ...options });
  }

  it('when the upstream refuses the connection', async () => {
    const upstream = `http://127.0.0.1:${await freePort()}`;

    expect(await problemWith({ upstream })).toMatchObject({ status: 502, code: 'GATEWAY_UPSTREAM_UNREACHABLE' });
  });

  it('when the upstream has no address', async () => {
    expect(await problemWith({ upstream: 'https://upstream.invalid' })).toMatchObject({
      status: 502,
      code: 'GATEWAY_UPSTREAM_UNREACHABLE',
    });
  });

  it('when the upstream says nothing', async () => {
    const timeouts = { headersMs: 50 };

    expect(await withRawUpstream(() => {}, { timeouts })).toMatchObject({
      status: 504,
      code: 'GATEWAY_UPSTREAM_TIMEOUT',
    });
  });

  it.each([
    ['closes without an answer', (socket: Socket) => socket.destroy()],
    ['answers something that is not HTTP', (socket: Socket) => socket.end('SSH-2.0-OpenSSH\r\n')],
    ['breaks the header off', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Le')],
    [
      'upgrades unasked',
      (socket: Socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
    ],
    [
      'answers with a header that is too long',
      (socket: Socket) => socket.end(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`),
    ],
  ])('when the upstream %s', async (_, answer) => {
    expect(await withRawUpstream(answer)).toMatchObject({ status: 502, code: 'GATEWAY_UPSTREAM_FAILED' });
  });

  it('when the upstream has a certificate that nobody vouches for, and sends it no token', async () => {
    const certificate = await selfSignedCertificate('wrong.example');
    const upstream = await recordingUpstream((listener) => createHttpsServer(certificate, listener));
    cleanUp.push(() => upstream.close());
    let bytes = '';
    upstream.server.on('secureConnection', (socket: Socket) => socket.on('data', (data) => (bytes += String(data))));
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    cleanUp.push(() => delete process.env.NODE_TLS_REJECT_UNAUTHORIZED);

    expect(await problemWith({ upstream: upstream.url.replace('http:', 'https:') })).toMatchObject({
      status: 502,
      code: 'GATEWAY_UPSTREAM_UNTRUSTED',
    });
    expect(upstream.seen).toEqual([]);
    expect(bytes).toBe('');
  });

  it.each([
    ['the upstream stops reading', (socket: Socket) => socket.pause(), 256, 504, 'GATEWAY_UPSTREAM_TIMEOUT'],
    ['the caller stops sending', () => {}, 1, 408, 'GATEWAY_BODY_TIMEOUT'],
  ])('when %s in the middle of a body', async (_, answer, chunks, status, code) => {
    const body = new ReadableStream({
      start: (controller) => Array.from({ length: chunks }, () => controller.enqueue(new Uint8Array(64 * 1024))),
    });
    const { url, close } = await rawUpstream(answer);
    cleanUp.push(close);
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;

    expect(await problemWith({ upstream: url, timeouts: { bodyMs: 100 } }, 'billing/x', init)).toMatchObject({
      status,
      code,
    });
  });

  it('asks the upstream once, whatever it answers', async () => {
    const upstream = await recordingUpstream();
    cleanUp.push(() => upstream.close());
    upstream.behave((_request, response) => response.writeHead(503, { 'retry-after': '0' }).end('busy'));
    gateway = await proxyApplication({ billing: { upstream: upstream.url } });

    const response = await fetch(`${gateway.url}/proxy/billing/x`);

    expect([response.status, await response.text()]).toEqual([503, 'busy']);
    expect(upstream.seen).toHaveLength(1);
  });

  it.each([
    ['the source refuses', () => new TokenSourceRejectedError('no: s3cret'), 502, 'TOKEN_SOURCE_REJECTED', /^\d+$/],
    [
      'the source asks for patience',
      () => new TokenSourceUnavailableError('later', { retryAfterMs: 6_500 }),
      503,
      'TOKEN_SOURCE_UNAVAILABLE',
      /^7$/,
    ],
    [
      'the source answers nonsense',
      () => new TokenResponseInvalidError('what?'),
      502,
      'TOKEN_RESPONSE_INVALID',
      /^\d+$/,
    ],
    ['the source fails somehow', () => new Error('at 127.0.0.1: s3cret'), 503, 'TOKEN_SOURCE_UNAVAILABLE', /^\d+$/],
  ])('when %s', async (_, error, status, code, retryAfter) => {
    gateway = await proxyApplication({ billing: { upstream: 'http://127.0.0.1:9' } });
    gateway.mintWith(() => Promise.reject(error()));

    expect(await problemOf('billing/x')).toEqual({ status, code, retryAfter: expect.stringMatching(retryAfter) });
  });

  it('when the silence within an answer is too long, by breaking it off', async () => {
    const upstream = await recordingUpstream();
    cleanUp.push(() => upstream.close());
    upstream.behave((_request, response) => void response.writeHead(200).write('part'));
    gateway = await proxyApplication({ billing: { upstream: upstream.url, timeouts: { bodyMs: 50 } } });
    const response = await fetch(`${gateway.url}/proxy/billing/x`);

    await expect(response.text()).rejects.toThrow();
  });

  it('when the caller does not read an answer for too long, by breaking it off', async () => {
    const upstream = await recordingUpstream();
    cleanUp.push(() => upstream.close());
    let isBrokenOff = false;
    upstream.behave((_request, response) => {
      const write = (): void => {
        while (response.write(Buffer.alloc(64 * 1024)));
      };
      response.on('drain', write).on('close', () => (isBrokenOff = true));
      write();
    });
    gateway = await proxyApplication({ billing: { upstream: upstream.url, timeouts: { bodyMs: 50 } } });
    const response = await fetch(`${gateway.url}/proxy/billing/x`);

    await waitFor(() => isBrokenOff);
    await expect(response.text()).rejects.toThrow();
  });

  it('but not when an event stream is silent', async () => {
    const upstream: RecordingUpstream = await recordingUpstream();
    cleanUp.push(() => upstream.close());
    upstream.behave((request, response) => {
      const contentType = request.url === '/events' ? 'text/event-stream; charset=utf-8' : 'text/plain';
      response.writeHead(200, { 'content-type': contentType }).write('data: 1\n\n');
      if (request.url === '/end') response.end();
    });
    gateway = await proxyApplication({ billing: { upstream: upstream.url, timeouts: { bodyMs: 50 } } });
    const events = await fetch(`${gateway.url}/proxy/billing/events`);
    const reader = events.body!.getReader();
    await reader.read();
    const silence = await fetch(`${gateway.url}/proxy/billing/plain`);
    // The other answer began later and was broken off; had the events been watched, they would have been so before.
    await expect(silence.text()).rejects.toThrow();

    const next = reader.read();
    await expect(Promise.race([next, Promise.resolve('still open')])).resolves.toBe('still open');
    await reader.cancel();
  });
});

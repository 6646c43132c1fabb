import { once } from 'node:events';
import {
  Agent,
  type IncomingMessage,
  request as httpRequest,
  type RequestOptions,
  type ServerResponse,
} from 'node:http';
import { buffer, text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { waitFor } from '@mintonce/test-support';
import { proxyApplication, type ProxyApplication } from '../test/proxy-application.js';
import { rawRequest } from '../test/raw-request.js';
import { recordingUpstream, type RecordingUpstream } from '../test/recording-upstream.js';

const MIB = 1024 * 1024;

describe('A proxied exchange', () => {
  let upstream: RecordingUpstream;
  let gateway: ProxyApplication;

  beforeAll(async () => {
    upstream = await recordingUpstream();
    gateway = await proxyApplication({
      billing: { upstream: upstream.url },
      limited: { upstream: upstream.url, bodyLimitBytes: 1_000 },
    });
  });
  afterAll(async () => {
    await gateway?.close();
    await upstream?.close();
  });
  beforeEach(() => upstream.reset());

  function send(path: string, options: RequestOptions = {}) {
    return httpRequest(`${gateway.url}/proxy/${path}`, { agent: false, ...options });
  }

  async function answerOf(request: ReturnType<typeof send>): Promise<IncomingMessage> {
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  }

  it.each([0, 1, 64 * 1024, 64 * 1024 + 1, 5 * MIB])('sends a body of %d bytes and known length', async (length) => {
    const body = Buffer.alloc(length, 'x');
    const request = send('billing/x', { method: 'POST', headers: { 'content-length': length } });
    request.end(body);

    expect((await answerOf(request)).statusCode).toBe(200);
    expect(upstream.seen[0]!.headers['content-length']).toBe(`${length}`);
    expect(upstream.seen[0]!.body.equals(body)).toBe(true);
  });

  it.each(['POST', 'DELETE', 'GET'])('sends a body in chunks with %s', async (method) => {
    const request = send('billing/x', { method, headers: { 'transfer-encoding': 'chunked' } });
    request.write('first,');
    request.end('second');

    expect((await answerOf(request)).statusCode).toBe(200);
    expect(upstream.seen).toMatchObject([{ method }]);
    expect(upstream.seen[0]!.body.toString()).toBe('first,second');
  });

  it('sends each chunk when it comes, and answers before the body has ended', async () => {
    const chunks: string[] = [];
    upstream.behave(
      (request, response) => {
        response.writeHead(200).write('started');
        request.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
        request.on('end', () => response.end());
      },
      { streaming: true },
    );
    const request = send('billing/x', { method: 'POST', headers: { 'transfer-encoding': 'chunked' } });
    request.write('one');

    const response = await answerOf(request);
    await waitFor(() => chunks.join('') === 'one');
    request.end('two');
    await text(response);

    expect(chunks.join('')).toBe('onetwo');
  });

  it('holds a sender back while the upstream does not read', async () => {
    let reading: IncomingMessage | undefined;
    upstream.behave((request) => (reading = request), { streaming: true });
    const request = send('billing/x', { method: 'POST', headers: { 'transfer-encoding': 'chunked' } });
    const chunk = Buffer.alloc(MIB);
    let sent = 0;
    while (sent < 256 && request.write(chunk)) sent++;
    const feed = setInterval(() => !request.writableNeedDrain && sent < 256 && (request.write(chunk), sent++), 1);
    await waitFor(() => reading !== undefined && request.writableNeedDrain);
    clearInterval(feed);
    request.on('error', () => {}).destroy();
    reading!.destroy();

    expect(sent).toBeLessThan(64);
  });

  it('holds the upstream back while the caller does not read', async () => {
    let isHeldBack = false;
    upstream.behave((_request, response) => {
      const chunk = Buffer.alloc(MIB);
      const feed = setInterval(() => {
        isHeldBack = response.writableNeedDrain && response.writableLength > MIB / 2;
        if (!response.writableNeedDrain) response.write(chunk);
      }, 1);
      response.on('close', () => clearInterval(feed));
    });
    const request = send('billing/x');
    request.end();
    const response = await answerOf(request);
    response.pause();
    let heldFor = 0;
    await waitFor(() => (heldFor = isHeldBack ? heldFor + 1 : 0) > 10);
    response.destroy();

    expect(isHeldBack).toBe(true);
  });

  it('passes server-sent events on one by one, and the header before the first', async () => {
    let events!: ServerResponse;
    upstream.behave((_request, response) => {
      events = response;
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    });
    const request = send('billing/x');
    request.end();

    const response = await answerOf(request);
    response.setEncoding('utf8');
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      events.write(event);
      expect(await once(response, 'data')).toEqual([event]);
    }
    events.end();
    await once(response, 'end');
  });

  it('passes a long answer on whole', async () => {
    const body = Buffer.alloc(20 * MIB, 'abcdefg');
    upstream.behave((_request, response) => response.end(body));
    const request = send('billing/x');
    request.end();

    expect((await buffer(await answerOf(request))).equals(body)).toBe(true);
  });

  it('leaves compressed bodies as they are', async () => {
    const body = gzipSync('compressed');
    upstream.behave((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(body));
    const request = send('billing/x', { headers: { 'accept-encoding': 'gzip' } });
    request.end();

    const response = await answerOf(request);
    expect(response.headers['content-encoding']).toBe('gzip');
    expect((await buffer(response)).equals(body)).toBe(true);
  });

  it.each([
    ['HEAD', 200, { 'content-length': '4711' }],
    ['GET', 204, {}],
    ['GET', 304, { etag: '"e"' }],
    ['POST', 205, { 'content-length': '0' }],
    ['GET', 418, { 'x-a': 'b' }],
    ['GET', 599, {}],
  ])('passes on the answer to %s with status %d', async (method, status, headers) => {
    upstream.behave((_request, response) => response.writeHead(status, headers).end());
    const request = send('billing/x', { method });
    request.end();

    const response = await answerOf(request);
    expect(response.statusCode).toBe(status);
    expect(response.headers).toMatchObject(headers);
    expect(await text(response)).toBe('');
  });

  it('passes informational answers by', async () => {
    upstream.behave((_request, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      response.end('final');
    });
    const request = send('billing/x');
    request.end();

    expect(await text(await answerOf(request))).toBe('final');
  });

  it('leaves trailers out and ends the answer cleanly', async () => {
    upstream.behave((_request, response) => {
      response.writeHead(200, { trailer: 'X-Checksum' }).write('body');
      response.addTrailers({ 'X-Checksum': 'secret' });
      response.end();
    });

    const answer = await rawRequest(gateway.port, ['GET /proxy/billing/x HTTP/1.1', 'Host: g', 'Connection: close']);

    expect(answer.text).toMatch(/\r\n4\r\nbody\r\n0\r\n\r\n$/);
    expect(answer.text).not.toContain('secret');
  });

  it('leaves trailers of the request out, whatever they are called, and reads the next request after them', async () => {
    const trailers = ['Authorization: Bearer forged', 'Cookie: a=forged', 'X-Checksum: secret'];
    const lines = ['POST /proxy/billing/1 HTTP/1.1', 'Host: g', 'Transfer-Encoding: chunked', `Trailer: X-Checksum`];
    const next = ['GET /proxy/billing/2 HTTP/1.1', 'Host: g', 'Connection: close'];
    const body = `4\r\nbody\r\n0\r\n${trailers.join('\r\n')}\r\n\r\n${next.join('\r\n')}\r\n\r\n`;

    const answer = await rawRequest(gateway.port, lines, body);

    expect(answer.text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
    expect(upstream.seen.map(({ url, body }) => [url, String(body)])).toEqual([
      ['/1', 'body'],
      ['/2', ''],
    ]);
    expect(JSON.stringify(upstream.seen)).not.toMatch(/forged|secret/);
  });

  it('ends at the upstream when the caller leaves while it waits', async () => {
    let isAborted = false;
    upstream.behave((_request, response) => response.on('close', () => (isAborted = !response.writableFinished)));
    const request = send('billing/x').on('error', () => {});
    request.end();
    await waitFor(() => upstream.seen.length === 1);
    request.destroy();

    await waitFor(() => isAborted);
    expect(isAborted).toBe(true);
  });

  it('ends at the upstream when the caller leaves in the middle of the answer', async () => {
    let isAborted = false;
    upstream.behave((_request, response) => {
      response.write('part');
      response.on('close', () => (isAborted = !response.writableFinished));
    });
    const request = send('billing/x').on('error', () => {});
    request.end();
    const response = await answerOf(request);
    response.on('error', () => {});
    await once(response, 'data');
    request.destroy();

    await waitFor(() => isAborted);
    expect(isAborted).toBe(true);
  });

  it('ends at the upstream when the caller leaves in the middle of its body', async () => {
    let isAborted = false;
    upstream.behave((request) => request.on('error', () => (isAborted = true)), { streaming: true });
    const request = send('billing/x', { method: 'POST', headers: { 'transfer-encoding': 'chunked' } });
    request.on('error', () => {}).write('part');
    await waitFor(() => upstream.seen.length === 1);
    request.destroy();

    await waitFor(() => isAborted);
    expect(isAborted).toBe(true);
  });

  it.each([
    ['in chunks', {}],
    ['of known length', { 'content-length': '100' }],
  ])('breaks off at the caller when the upstream breaks off an answer %s', async (_, headers) => {
    upstream.behave((_request, response) => {
      response.writeHead(200, headers).write('part');
      setImmediate(() => response.destroy());
    });
    const request = send('billing/x');
    request.end();
    const response = await answerOf(request);

    await expect(text(response)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('serves many requests of one connection, pipelined ones in their order', async () => {
    upstream.behave((request, response) => {
      if (request.url === '/1') setImmediate(() => response.end('one'));
      else response.end('two');
    });

    const answer = await rawRequest(gateway.port, [
      'GET /proxy/billing/1 HTTP/1.1',
      'Host: g',
      '',
      'GET /proxy/billing/2 HTTP/1.1',
      'Host: g',
      'Connection: close',
    ]);

    expect(answer.text).toMatch(/one[^]*two/);
  });

  it.each([200, 401])(
    'leaves a connection usable whose body the upstream answers with %i before its end',
    async (status) => {
      upstream.behave((_request, response) => response.writeHead(status).end('early'), { streaming: true });
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const headers = { 'content-length': 4 * MIB };
      const early = send('billing/x', { agent, method: 'POST', headers });
      early.write(Buffer.alloc(MIB));
      const answer = await answerOf(early);
      early.end(Buffer.alloc(3 * MIB));
      expect([answer.statusCode, await text(answer)]).toEqual([status, 'early']);

      const next = send('billing/x', { agent });
      next.end();
      expect((await answerOf(next)).statusCode).toBe(status);
      agent.destroy();
    },
  );

  describe('with a limit on the body', () => {
    it.each([999, 1_000])('lets %d bytes through', async (length) => {
      for (const headers of [{ 'content-length': length }, { 'transfer-encoding': 'chunked' }]) {
        const request = send('limited/x', { method: 'POST', headers });
        request.end(Buffer.alloc(length));
        expect((await answerOf(request)).statusCode).toBe(200);
      }
    });

    it('answers 413 to a longer one of known length, and sends nothing', async () => {
      const request = send('limited/x', { method: 'POST', headers: { 'content-length': 1_001 } });
      request.on('error', () => {}).end(Buffer.alloc(1_001));

      const response = await answerOf(request);
      expect(response.statusCode).toBe(413);
      expect(JSON.parse(await text(response))).toMatchObject({ code: 'GATEWAY_BODY_TOO_LARGE', status: 413 });
      expect(upstream.seen).toEqual([]);
    });

    it('counts the bytes of one in chunks, answers 413, and breaks it off at the upstream', async () => {
      let isAborted = false;
      upstream.behave((request) => request.on('error', () => (isAborted = true)).resume(), { streaming: true });
      const request = send('limited/x', { method: 'POST', headers: { 'transfer-encoding': 'chunked' } });
      request.on('error', () => {}).write(Buffer.alloc(900));
      await waitFor(() => upstream.seen.length === 1);
      request.write(Buffer.alloc(101));

      expect((await answerOf(request)).statusCode).toBe(413);
      await waitFor(() => isAborted);
      expect(isAborted).toBe(true);
    });
  });
});

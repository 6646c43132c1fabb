import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { waitFor } from '@mintonce/test-support';
import { DEFAULT_LIMITS } from '../config/limits.js';
import { createHttpServer } from './http-server.js';

const GET = 'GET / HTTP/1.1\r\nHost: gateway\r\n\r\n';
const LAST = GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
const OLD = 'GET / HTTP/1.0\r\n\r\n';
const CHUNKED = 'POST / HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\n';
const SHORT = 'POST / HTTP/1.1\r\nHost: gateway\r\nContent-Length: 2\r\n\r\nok';
const NO_CHUNK = 'no chunk\r\n';
const HEADERS_MS = 300;

describe('What is no request', () => {
  let server: Server;
  let caller: Socket;
  let received: Promise<string>;
  /** The answers of the requests that were served. */
  let answers: ServerResponse[];
  /** Connections on which the server heard something that is no request. */
  let ended: Socket[];

  beforeEach(async () => {
    answers = [];
    ended = [];
    const hold = (request: IncomingMessage, response: ServerResponse): void => {
      request.on('error', () => {}).resume();
      answers.push(response);
    };
    server = createHttpServer(hold, DEFAULT_LIMITS, undefined, HEADERS_MS);
    server.on('clientError', (_error, socket) => ended.push(socket as Socket));
    server.on('connect', (_request, socket) => ended.push(socket as Socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    caller = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    caller.on('error', () => {});
    received = text(caller);
  });
  afterEach(() => {
    caller.destroy();
    server.closeAllConnections();
    server.close();
  });

  async function served(number = 1): Promise<ServerResponse> {
    await waitFor(() => answers.length >= number);
    return answers[number - 1]!;
  }

  async function isHeard(): Promise<void> {
    await waitFor(() => ended.length > 0);
  }

  async function statuses(): Promise<string[]> {
    return [...(await received).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status!);
  }

  it.each<[string, string, string, string[]]>([
    ['garbage', GET, 'garbage\r\n\r\n', ['200', '400']],
    ['a header that is too long', GET, `GET / HTTP/1.1\r\na: ${'b'.repeat(20_000)}\r\n\r\n`, ['200', '431']],
    ['a header that does not end', GET, 'GET / HTTP/1.1\r\n', ['200', '408']],
    ['CONNECT', GET, 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', ['200', '405']],
    ['a request after Connection: close', LAST, GET, ['200']],
    ['garbage after a request of HTTP/1.0', OLD, 'garbage', ['200']],
    ['more than the length of the body', SHORT, 'more\r\n\r\n', ['200', '400']],
  ])('is answered behind the answer in flight, if at all: %s', async (_what, request, behind, expected) => {
    caller.write(request);
    const response = await served();
    response.writeHead(200, { 'content-length': 9 }).write('first');
    await waitFor(() => caller.bytesRead > 0);
    caller.write(behind);
    await isHeard();
    response.end('last');

    expect(await statuses()).toEqual(expected);
    expect(await received).toContain('\r\n\r\nfirstlast');
  });

  it('is answered behind an answer in chunks', async () => {
    caller.write(GET);
    const response = await served();
    response.write('first');
    await waitFor(() => caller.bytesRead > 0);
    caller.write('garbage\r\n\r\n');
    await isHeard();
    response.end('last');

    expect(await received).toMatch(/\r\n\r\n5\r\nfirst\r\n4\r\nlast\r\n0\r\n\r\nHTTP\/1\.1 400 /);
  });

  it.each<[string, string, string[]]>([
    ['garbage', `${GET}garbage\r\n\r\n`, ['200', '400']],
    ['a request after Connection: close', LAST + GET, ['200']],
    ['garbage after a request of HTTP/1.0', `${OLD}garbage`, ['200']],
    ['more than the length of the body', `${SHORT}more\r\n\r\n`, ['200', '400']],
  ])('leaves a request before it to its own answer, which has not begun: %s', async (_what, bytes, expected) => {
    caller.write(bytes);
    await isHeard();
    const response = await served();
    response.end('whole');

    expect(await statuses()).toEqual(expected);
    expect([answers.length, response.writableFinished]).toEqual([1, true]);
  });

  it('is answered behind all requests that were pipelined before it', async () => {
    caller.write(`${GET}${GET}${GET}garbage\r\n\r\n`);
    for (const number of [1, 2, 3]) (await served(number)).end();

    expect(await statuses()).toEqual(['200', '200', '200', '400']);
  });

  describe('in the body of a request', () => {
    it('is answered in its turn, and the request is not served', async () => {
      caller.write(GET + CHUNKED + NO_CHUNK);
      await isHeard();
      (await served()).end();

      expect(await statuses()).toEqual(['200', '400']);
      expect(answers).toHaveLength(1);
    });

    it('breaks off an answer that has begun', async () => {
      caller.write(CHUNKED);
      (await served()).write('part');
      await waitFor(() => caller.bytesRead > 0);
      caller.write(NO_CHUNK);

      expect(await received).toMatch(/^HTTP\/1\.1 200 [^]*\r\n4\r\npart\r\n$/);
    });

    it('ends the connection without a second answer to the request', async () => {
      caller.write(CHUNKED);
      (await served()).end('early');
      await waitFor(() => caller.bytesRead > 0);
      caller.write(NO_CHUNK + GET);

      expect(await statuses()).toEqual(['200']);
      expect(answers).toHaveLength(1);
    });
  });

  describe('but a CONNECT', () => {
    const CONNECT = 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n';

    it('does not hold up the answer before it, which is longer than the buffers of the connection', async () => {
      const length = 20_000_000;
      caller.pause().write(GET + CONNECT);
      await isHeard();
      const response = await served();
      response.writeHead(200, { 'content-length': length });
      Readable.from(Array.from({ length: 200 }, () => Buffer.alloc(length / 200, 'x'))).pipe(response);
      await waitFor(() => response.writableNeedDrain);
      caller.resume();

      expect((await received).length).toBeGreaterThan(length);
      expect(await statuses()).toEqual(['200', '405']);
    });

    it.each([
      ['alone', ''],
      ['behind an answer in flight', GET],
    ])('%s does not end the process when its caller resets the connection', async (_where, before) => {
      caller.write(before + CONNECT);
      await isHeard();
      answers[0]?.write('part');
      await waitFor(() => caller.bytesRead > 0);
      caller.resetAndDestroy();
      await received.catch(() => {});

      await waitFor(() => ended[0]!.destroyed);
    });

    it('loses its connection although its caller keeps it open', async () => {
      caller.write(`${CONNECT}more`);
      await isHeard();

      await waitFor(() => ended[0]!.destroyed);
    });
  });
});

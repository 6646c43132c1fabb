import { type Socket } from 'node:net';
import { proxyApplication, type ProxyApplication } from '../test/proxy-application.js';
import { rawRequest } from '../test/raw-request.js';
import { rawUpstream } from '../test/raw-upstream.js';
import { recordingUpstream } from '../test/recording-upstream.js';

const EARLY_HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n';
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

/** Sends each piece in a packet of its own, as far as the network lets it. */
async function sendEach(socket: Socket, pieces: Iterable<string>): Promise<void> {
  socket.setNoDelay(true);
  for (const piece of pieces) {
    await new Promise((sent) => socket.write(piece, sent));
    await new Promise(setImmediate);
  }
  socket.end();
}

describe('An answer of the upstream', () => {
  let gateway: ProxyApplication | undefined;
  let stop: (() => void) | undefined;
  let url: string;

  afterEach(async () => {
    await gateway?.close();
    stop?.();
  });

  async function start(answer: (socket: Socket) => void, timeouts: object = {}): Promise<void> {
    const upstream = await rawUpstream(answer);
    stop = () => upstream.close();
    gateway = await proxyApplication({ billing: { upstream: upstream.url, timeouts } });
    url = `${gateway.url}/proxy/billing/x`;
  }

  async function problem(init?: RequestInit) {
    const response = await fetch(url, init);
    return [response.status, ((await response.json()) as { code: string }).code];
  }

  const chunks = (): RequestInit => ({ method: 'POST', body: new Blob(['body']).stream(), duplex: 'half' });

  it.each([
    ['without a body', () => ({})],
    ['with a body that is kept', () => ({ method: 'POST', body: 'body' })],
    ['with a body that is streamed', chunks],
  ])('is given up in time for a request %s, however many interim answers come instead', async (_, init) => {
    await start(
      (socket) => {
        const hints = setInterval(() => socket.write(EARLY_HINTS), 20);
        socket.once('close', () => clearInterval(hints));
      },
      { headersMs: 200 },
    );

    expect(await problem(init())).toEqual([504, 'GATEWAY_UPSTREAM_TIMEOUT']);
  });

  it('is given up when interim answers come without end', async () => {
    await start((socket) => socket.write(EARLY_HINTS.repeat(1_000)));

    expect(await problem()).toEqual([502, 'GATEWAY_UPSTREAM_FAILED']);
  });

  it('is passed on after a few interim ones', async () => {
    await start((socket) => socket.end(`${EARLY_HINTS.repeat(5)}HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfinal`));

    expect(await (await fetch(url)).text()).toBe('final');
  });

  it.each([
    ['once', CONTINUE],
    ['twice', CONTINUE.repeat(2)],
    ['with fields', 'HTTP/1.1 100 Go on\r\nX-A: b\r\n\r\n'],
    ['without a reason', 'HTTP/1.1 100\r\n\r\n'],
    ['between other interim answers', EARLY_HINTS + CONTINUE + EARLY_HINTS],
  ])('is passed on after 100 Continue for which nobody asked: %s, whole or byte by byte', async (_, interim) => {
    const bytes = `${interim}HTTP/1.1 200 OK\r\nContent-Length: ${CONTINUE.length}\r\n\r\n${CONTINUE}`;
    for (const pieces of [[bytes], bytes]) {
      await start((socket) => void sendEach(socket, pieces));
      const response = await fetch(url);
      expect([response.status, await response.text()]).toEqual([200, CONTINUE]);
      await gateway?.close();
      stop?.();
    }
  });

  it('is passed on with each request of a connection after 100 Continue', async () => {
    const server = await recordingUpstream();
    server.behave((_request, response) => {
      response.writeContinue();
      response.end(CONTINUE);
    });
    gateway = await proxyApplication({ billing: { upstream: server.url, maxConnections: 1 } });
    for (let request = 0; request < 3; request++) {
      const response = await fetch(`${gateway.url}/proxy/billing/x`, { method: 'POST', body: 'x'.repeat(request) });
      expect([response.status, await response.text()]).toEqual([200, CONTINUE]);
    }
    await server.close();
  });

  it('is given up when it is 100 Continue without end', async () => {
    await start((socket) => socket.write(CONTINUE.repeat(1_000)));

    expect(await problem()).toEqual([502, 'GATEWAY_UPSTREAM_FAILED']);
  });

  it('is a failure when it switches protocols for which nobody asked', async () => {
    await start((socket) =>
      socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
    );

    expect(await problem()).toEqual([502, 'GATEWAY_UPSTREAM_FAILED']);
  });

  it('is whole when it has no length and its connection ends', async () => {
    await start((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nwhole'));

    expect(await (await fetch(url)).text()).toBe('whole');
  });

  it.each([
    ['without a length', ''],
    ['without a length, whose connection is to be closed', 'Connection: close\r\n'],
    ['with a length', 'Content-Length: 100\r\n'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n'],
    ['in chunks, whose connection is to be closed', 'Transfer-Encoding: chunked\r\nConnection: close\r\n'],
  ])('%s is broken off at the caller when its connection is reset', async (_, fields) => {
    let upstream!: Socket;
    await start((socket) => {
      upstream = socket;
      socket.write(`HTTP/1.1 200 OK\r\n${fields}\r\n4\r\nbody\r\n`);
    });
    const response = await fetch(url);
    const reader = response.body!.getReader();
    await reader.read();
    upstream.resetAndDestroy();

    await expect(reader.read()).rejects.toThrow();
  });

  it.each(['gzip', 'gzip, chunked', 'chunked, gzip', 'chunked, chunked', 'identity', 'x-odd'])(
    'is refused when it has the transfer coding %s',
    async (coding) => {
      await start((socket) =>
        socket.end(`HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
      );

      expect(await problem()).toEqual([502, 'GATEWAY_UPSTREAM_FAILED']);
    },
  );

  it.each(['chunked', 'Chunked', ' chunked '])('is passed on in chunks: %s', async (coding) => {
    await start((socket) => socket.end(`HTTP/1.1 200 OK\r\nTransfer-Encoding:${coding}\r\n\r\n2\r\nok\r\n0\r\n\r\n`));

    expect(await (await fetch(url)).text()).toBe('ok');
  });

  it.each(['gzip, chunked', 'x-odd, chunked'])('is 501 when the request has the transfer coding %s', async (coding) => {
    let isAsked = false;
    await start(() => (isAsked = true));
    const answer = await rawRequest(
      gateway!.port,
      ['POST /proxy/billing/x HTTP/1.1', 'Host: gateway', 'Connection: close', `Transfer-Encoding: ${coding}`],
      '2\r\nok\r\n0\r\n\r\n',
    );

    expect(answer.status).toBe(501);
    expect(answer.text).toContain('GATEWAY_TRANSFER_CODING_UNSUPPORTED');
    expect(isAsked).toBe(false);
  });

  it.each([
    [204, 'Content-Length: 5\r\n\r\n', /^content-length/im],
    [205, 'Content-Length: 5\r\n\r\nstray', /stray|^content-length: [^0]/im],
    [205, 'Transfer-Encoding: chunked\r\n\r\n5\r\nstray\r\n0\r\n\r\n', /stray|chunked/i],
  ])('has no body and no length of one when its status is %i', async (status, rest, never) => {
    await start((socket) => socket.end(`HTTP/1.1 ${status} None\r\n${rest}`));
    const answer = await rawRequest(gateway!.port, [
      'GET /proxy/billing/x HTTP/1.1',
      'Host: gateway',
      'Connection: close',
    ]);

    expect(answer.status).toBe(status);
    expect(answer.text).not.toMatch(never);
  });
});

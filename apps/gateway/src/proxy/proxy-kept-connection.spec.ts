import { createServer as createTlsServer } from 'node:tls';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { certificateAuthority } from '@mintonce/test-support';
import { register } from 'prom-client';
import { type ConnectProxy, connectProxy } from '../test/connect-proxy.js';
import { proxyApplication, type ProxyApplication } from '../test/proxy-application.js';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n';
const reset = (socket: Socket): void => void socket.resetAndDestroy();
const end = (socket: Socket): void => void socket.end();

interface ClosingUpstream {
  readonly port: number;
  /** The method of each request, by connection. */
  readonly seen: string[][];
  /** How many requests of a connection are answered; it is closed for the next one. */
  answers: number;
  close(): void;
}

/** An upstream that has closed each connection after its first answer, as far as the second request can tell. */
async function closingUpstream(
  meet: (socket: Socket) => void,
  make: (serve: (socket: Socket) => void) => Server = createServer,
): Promise<ClosingUpstream> {
  const sockets: Socket[] = [];
  const upstream: ClosingUpstream = { port: 0, seen: [], answers: 1, close };
  const server = make((socket) => {
    sockets.push(socket.on('error', () => {}));
    const methods: string[] = [];
    upstream.seen.push(methods);
    socket.on('data', (chunk: Buffer) => {
      const method = /^[A-Z]+(?= \/)/.exec(chunk.toString('latin1'))?.[0];
      if (method === undefined) return;
      methods.push(method);
      if (methods.length > upstream.answers) meet(socket);
      else socket.write(method === 'HEAD' ? OK : `${OK}ok`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(upstream, { port: (server.address() as AddressInfo).port });

  function close(): void {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
}

describe('A request on a kept connection that the upstream has closed', () => {
  let upstream: ClosingUpstream;
  let gateway: ProxyApplication;
  let proxy: ConnectProxy | undefined;

  afterEach(async () => {
    await gateway.close();
    upstream.close();
    proxy?.close();
  });

  async function start(meet: (socket: Socket) => void): Promise<void> {
    upstream = await closingUpstream(meet);
    gateway = await proxyApplication({ billing: { upstream: `http://127.0.0.1:${upstream.port}` } });
    expect(await call('GET')).toBe(200);
  }

  const call = async (method: string, init: RequestInit = {}): Promise<number> => {
    const response = await fetch(`${gateway.url}/proxy/billing/x`, { method, ...init });
    await response.text();
    return response.status;
  };

  const repeated = async (): Promise<number> => {
    const { values = [] } = (await register.getSingleMetric('gateway_retries_total')?.get()) ?? {};
    return values.find(({ labels }) => labels.reason === 'connection')?.value ?? 0;
  };

  describe.each([
    ['with a reset', reset],
    ['with its end', end],
  ])('%s', (_, meet) => {
    it.each(['GET', 'HEAD', 'OPTIONS', 'DELETE', 'PUT', 'PROPFIND'])(
      'is sent once more on a new one, and counted: %s',
      async (method) => {
        await start(meet);
        const before = await repeated();

        expect(await call(method)).toBe(200);
        expect(upstream.seen).toEqual([['GET', method], [method]]);
        expect(await repeated()).toBe(before + 1);
      },
    );

    it.each<[string, RequestInit]>([
      ['POST', {}],
      ['PATCH', {}],
      ['POST', { body: 'x' }],
      ['PUT', { body: 'x' }],
      ['DELETE', { body: 'x' }],
    ])('is 502 and sent once if it is not idempotent or has a body: %s %j', async (method, init) => {
      await start(meet);

      expect(await call(method, init)).toBe(502);
      expect(upstream.seen).toEqual([['GET', method]]);
    });
  });

  it.each([
    ['a byte of the answer', 'H'],
    ['half a header', 'HTTP/1.1 200 OK\r\nContent-Length: 2'],
    ['an interim answer', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
    ['100 Continue', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ])('is 502 and sent once after %s', async (_, begin) => {
    await start((socket) => socket.end(begin));

    expect(await call('GET')).toBe(502);
    expect(upstream.seen).toEqual([['GET', 'GET']]);
  });

  it('is 502 and sent once if the connection is new, since the upstream closed it because of the request', async () => {
    await start(reset);
    upstream.answers = 0;
    expect(await call('GET')).toBe(502);
    upstream.seen.length = 0;

    expect(await call('GET')).toBe(502);
    expect(upstream.seen).toEqual([['GET']]);
  });

  it('is 502 after it was sent twice, when the new connection is closed as well', async () => {
    await start(reset);
    upstream.answers = 0;

    expect(await call('GET')).toBe(502);
    expect(upstream.seen).toEqual([['GET', 'GET'], ['GET']]);
  });

  it('is one of many that are all answered, when all kept connections were closed', async () => {
    await start(reset);
    const many = () => Promise.all(Array.from({ length: 20 }, () => call('GET')));
    await many();

    expect(new Set(await many())).toEqual(new Set([200]));
  });

  it.each(['directly', 'through a tunnel'])('is sent once more over TLS %s', async (way) => {
    const authority = await certificateAuthority();
    const pair = await authority.issue('billing.invalid');
    upstream = await closingUpstream(end, (serve) => createTlsServer(pair, serve));
    proxy = await connectProxy({ toPort: upstream.port });
    const tls = { ca: authority.cert, serverName: 'billing.invalid' };
    const outbound = way === 'directly' ? undefined : { url: proxy.url, except: '' };
    const options = { upstream: `https://127.0.0.1:${upstream.port}`, tls };
    gateway = await proxyApplication({ billing: options }, undefined, {}, outbound);

    expect([await call('GET'), await call('GET')]).toEqual([200, 200]);
    expect(upstream.seen).toEqual([['GET', 'GET'], ['GET']]);
  });
});

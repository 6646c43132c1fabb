import { once } from 'node:events';
import { type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { waitFor } from '@mintonce/test-support';
import { DEFAULT_LIMITS } from '../config/limits.js';
import { FarPeer } from '../test/far-peer.js';
import { createHttpServer } from './http-server.js';

const HEADERS_MS = 500;
const REQUEST = 'GET / HTTP/1.1\r\nHost: gateway\r\n\r\n';

describe('A caller who does not finish a header', () => {
  let server: Server;
  let port: number;
  let accepted: number;
  let served: number;
  let caller: FarPeer | undefined;

  beforeEach(async () => {
    accepted = served = 0;
    const answer: Parameters<typeof createHttpServer>[0] = (_request, response) => {
      served++;
      response.end('served');
    };
    server = createHttpServer(answer, DEFAULT_LIMITS, undefined, HEADERS_MS);
    server.on('connection', () => accepted++);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(async () => {
    await caller?.close();
    caller = undefined;
    server.closeAllConnections();
    server.close();
  });

  const connections = () => new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
  const drip = (socket: Socket, bytes: () => string) => {
    const timer = setInterval(() => socket.write(bytes()), 10);
    socket.once('close', () => clearInterval(timer)).on('error', () => {});
  };

  it.each<[string, number, (socket: Socket) => void]>([
    ['sends nothing', 0, () => {}],
    ['begins the line of a request', 0, (socket) => socket.write('GET /')],
    [
      'sends it byte by byte',
      0,
      (socket) => {
        socket.write('GET / HTTP/1.1\r\nHost: gateway\r\na: ');
        drip(socket, () => 'b');
      },
    ],
    [
      'sends one field after another',
      0,
      (socket) => {
        socket.write('GET / HTTP/1.1\r\nHost: gateway\r\n');
        drip(socket, () => 'a: b\r\n');
      },
    ],
    [
      'does so with the second request of a connection',
      1,
      (socket) => {
        socket.write(`${REQUEST}GET / HTTP/1.1\r\n`);
        drip(socket, () => 'a: b\r\n');
      },
    ],
  ])('and %s gets 408 and loses the connection, while others are served', async (_what, before, send) => {
    const slow = Array.from({ length: 20 }, () => connect(port, '127.0.0.1'));
    for (const socket of slow) send(socket);
    await waitFor(() => accepted === slow.length);
    expect(await (await fetch(`http://127.0.0.1:${port}`, { headers: { connection: 'close' } })).text()).toBe('served');

    for (const answer of await Promise.all(slow.map((socket) => text(socket)))) {
      expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual([...Array<string>(before).fill('HTTP/1.1 200'), 'HTTP/1.1 408']);
      expect(answer).toContain('"code":"GATEWAY_HEADERS_TIMEOUT"');
    }
    await waitFor(async () => (await connections()) === 0);
    expect(served).toBe(1 + before * slow.length);
  });

  it.each([
    ['is served', REQUEST, 'HTTP/1.1 200'],
    ['is answered once', REQUEST.replace('\r\n', '\r\nExpect: a wonder\r\n'), 'HTTP/1.1 417'],
  ])('but does so while the event loop stands still when its time is over, %s', async (_what, request, answered) => {
    const isAccepted = once(server, 'connection');
    caller = await FarPeer.caller(port);
    await isAccepted;
    await caller.speakDuringStall({ pieces: [request.slice(0, 20), request.slice(20)], everyMs: HEADERS_MS });

    await waitFor(() => caller!.received() !== '');
    caller.say('GET / HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n');
    await waitFor(() => / 200 [^]* 200 | 417 [^]* 200 | 408 /.test(caller!.received()));
    expect(caller.received().match(/HTTP\/1\.1 \d+/g)).toEqual([answered, 'HTTP/1.1 200']);
  });
});

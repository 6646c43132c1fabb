import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { type FaultProxy, faultProxy } from './fault-proxy.js';
import { waitFor } from './wait-for.js';

describe('a fault proxy', () => {
  let server: Server;
  let atServer: Socket[];
  let proxy: FaultProxy;
  let clients: Client[];

  /** The server answers every word with the same word. */
  beforeEach(async () => {
    atServer = [];
    clients = [];
    server = createServer((socket) => {
      atServer.push(socket);
      socket.on('error', () => undefined);
      socket.pipe(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = await faultProxy({ target: { port: (server.address() as AddressInfo).port } });
  });

  afterEach(async () => {
    for (const client of clients) client.socket.destroy();
    proxy.stop();
    for (const socket of atServer) socket.destroy();
    server.close();
    await once(server, 'close');
  });

  async function open(greeting: string): Promise<Client> {
    const client = new Client(proxy.port);
    clients.push(client);
    client.send(greeting);
    await client.hears(greeting);
    return client;
  }

  it('is not noticed until it is told to do harm', async () => {
    const client = await open('a'.repeat(100_000));
    client.socket.end();
    await once(client.socket, 'close');
    expect(client.error).toBeUndefined();
    await waitFor(() => proxy.connections.length === 0);
  });

  it('delays both directions, and keeps the order under jitter', async () => {
    const client = await open('hello.');
    proxy.suffer({ kind: 'delay', ms: 50, jitterMs: 50 });
    const sentAt = performance.now();
    for (const word of ['1.', '2.', '3.', '4.']) client.send(word);
    await client.hears('hello.1.2.3.4.');
    expect(performance.now() - sentAt).toBeGreaterThanOrEqual(100);
  });

  it('holds what is sent during a stall, the end too, and lets it go', async () => {
    const client = await open('a');
    proxy.suffer({ kind: 'stall' });
    client.send('b');
    atServer[0]?.end('c');
    await waitFor(() => atServer[0]?.writableFinished);
    const other = await connected(proxy.port, clients);
    other.send('d');
    expect([client.heard, client.isOpen, other.heard]).toEqual(['a', true, '']);
    await proxy.heal();
    await client.hears('ac');
    await other.hears('d');
  });

  it('stalls one direction only', async () => {
    const client = await open('a');
    proxy.suffer({ kind: 'stall', only: 'requests' });
    client.send('b');
    atServer[0]?.write('from the server');
    await client.hears('afrom the server');
    await proxy.heal();
    await client.hears('afrom the serverb');
  });

  it('eats replies while requests arrive', async () => {
    const client = await open('a');
    proxy.suffer({ kind: 'eat-replies' });
    let arrived = '';
    atServer[0]?.on('data', (chunk) => (arrived += String(chunk)));
    client.send('b');
    await waitFor(() => arrived === 'b');
    await proxy.heal();
    client.send('c');
    await client.hears('ac');
  });

  it('cuts with a reset, and takes the next connection', async () => {
    const client = await open('a');
    proxy.cut();
    await waitFor(() => !client.isOpen);
    expect(client.error).toMatchObject({ code: 'ECONNRESET' });
    await open('b');
  });

  it('leaves the client of a half-open connection in the dark', async () => {
    const client = await open('a');
    proxy.halfOpen();
    await waitFor(() => atServer[0]?.destroyed);
    client.send('b');
    await open('c');
    expect([client.heard, client.isOpen]).toEqual(['a', true]);
    await proxy.heal();
    await open('d');
    expect([client.heard, client.isOpen]).toEqual(['a', true]);
  });

  it('refuses connections, and listens on the same port again', async () => {
    const client = await open('a');
    proxy.refuse();
    const refused = new Client(proxy.port);
    await waitFor(() => !refused.isOpen);
    expect(refused.error).toMatchObject({ code: 'ECONNREFUSED' });
    client.send('b');
    await client.hears('ab');
    await proxy.heal();
    await open('c');
  });

  it('passes on that the server is gone', async () => {
    const client = await open('a');
    atServer[0]?.destroy();
    await waitFor(() => !client.isOpen);
  });

  it('does harm only to the connections that are meant, those to come included', async () => {
    const events = await open('subscriber a');
    const commands = await open('commands a');
    proxy.suffer({ kind: 'stall' }, ({ opening }) => opening.startsWith('subscriber'));
    events.send('b');
    const later = await connected(proxy.port, clients);
    later.send('subscriber c');
    commands.send('b');
    await commands.hears('commands ab');
    const bystander = await open('commands d');
    expect([events.heard, later.heard, bystander.heard]).toEqual(['subscriber a', '', 'commands d']);
  });
});

class Client {
  heard = '';
  error?: Error;
  isOpen = true;
  readonly socket: Socket;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk) => (this.heard += String(chunk)));
    this.socket.on('error', (error) => (this.error = error));
    this.socket.on('close', () => (this.isOpen = false));
  }

  send(text: string): void {
    this.socket.write(text);
  }

  hears(text: string): Promise<unknown> {
    return waitFor(() => this.heard === text, { intervalMs: 2, description: `to hear ${text.slice(0, 50)}` });
  }
}

async function connected(port: number, clients: Client[]): Promise<Client> {
  const client = new Client(port);
  clients.push(client);
  await once(client.socket, 'connect');
  return client;
}

import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface ConnectProxy {
  readonly url: string;
  /** The tunnels that were asked for: host and port, and the credentials of each. */
  readonly asked: { target: string; credentials?: string }[];
  /** Everything that went through it, as Latin-1. */
  readonly passed: () => string;
  close(): void;
}

/** What a proxy does with a request for a tunnel: it leads to that port of this machine, answers with a status, or says nothing. */
export type TunnelBehaviour = { toPort: number } | { status: number } | 'silent';

/** A real HTTP proxy for tunnels (RFC 9110 section 9.3.6), which leads every host to one port of this machine. */
export async function connectProxy(behaviour: TunnelBehaviour): Promise<ConnectProxy> {
  const asked: ConnectProxy['asked'] = [];
  const sockets: Socket[] = [];
  let passed = '';
  const server = createServer((_request, response) => response.writeHead(400).end());
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    sockets.push(client.on('error', () => {}));
    asked.push({ target: request.url!, credentials: request.headers['proxy-authorization'] });
    if (behaviour === 'silent') return;
    if ('status' in behaviour) {
      client.end(`HTTP/1.1 ${behaviour.status} No\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const upstream = connect(behaviour.toPort, '127.0.0.1', () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
    sockets.push(upstream.on('error', () => client.destroy()));
    client.on('data', (chunk) => (passed += chunk.toString('latin1'))).pipe(upstream);
    upstream.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    passed: () => passed,
    close() {
      server.close();
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
    },
  };
}

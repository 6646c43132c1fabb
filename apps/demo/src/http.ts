import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';

/** A server that listens. */
export interface Listening {
  readonly url: string;
  readonly port: number;
  /** Stops listening and closes all connections; resolves when none is left. */
  stop(): Promise<void>;
}

/** Starts an HTTP server. Its `stop` does not wait: idle and streaming connections are closed at once. */
export async function listen(
  host: string,
  port: number,
  listener: (url: string) => RequestListener,
): Promise<Listening> {
  const server = createServer();
  server.listen(port, host);
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
  server.on('request', listener(url));
  return {
    url,
    port: bound,
    async stop() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}

export async function readText(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}

export function isLoopback({ socket }: IncomingMessage): boolean {
  return /^(::ffff:)?127\.|^::1$/.test(socket.remoteAddress ?? '');
}

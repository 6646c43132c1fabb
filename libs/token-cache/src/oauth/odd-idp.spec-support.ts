import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { createServer as createTlsServer } from 'node:https';
import { gzipSync } from 'node:zlib';
import { selfSignedCertificate } from '@mintonce/test-support';

export const CLIENT_SECRET = 'the-secret-of-the-client';
export const ACCESS_TOKEN = 'the-access-token';
/** Text that odd answers hold beside their code; no error may quote it. */
export const NOISE = 'words-of-the-answer';

const MIB = 1024 * 1024;

/** A token endpoint on this machine whose answers the test chooses; it counts requests and connections. */
export class OddIdp {
  requests = 0;
  connections = 0;
  respond: RequestListener = well;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {
    server.on('connection', () => this.connections++);
    server.on('request', (request, response) => {
      this.requests++;
      request.resume();
      this.respond(request, response);
    });
  }

  static async start(): Promise<OddIdp> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new OddIdp(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`);
  }

  /** A token endpoint with a self-signed certificate. */
  static async startUntrusted(): Promise<OddIdp> {
    const server = createTlsServer(await selfSignedCertificate('localhost')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new OddIdp(server, `https://localhost:${(server.address() as AddressInfo).port}/token`);
  }

  /** Closes the port: later connections are refused. */
  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

let tokens = 0;

export const well: RequestListener = (_request, response) => json(response, { expires_in: 3600 });

/** A new token with these fields beside it. */
export function token(fields: object): RequestListener {
  return (_request, response) => json(response, fields);
}

function json(response: ServerResponse, fields: object): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ access_token: `${ACCESS_TOKEN}-${++tokens}`, token_type: 'Bearer', ...fields }));
}

/** Any answer; `NOISE` and the secret are added to a body that is an object. */
export function answer(
  status: number,
  body: object | string | Buffer = '',
  headers: Record<string, string> = {},
): RequestListener {
  const isText = typeof body === 'string' || Buffer.isBuffer(body);
  const text = isText ? body : JSON.stringify({ ...body, error_description: NOISE, echo: CLIENT_SECRET });
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'www-authenticate': NOISE, ...headers });
    response.end(text);
  };
}

export const never: RequestListener = () => {};

export const slowBody: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write(`{"access_token":"${ACCESS_TOKEN}`);
};

export const resetInBody: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write(`{"access_token":"${ACCESS_TOKEN}`, () => response.socket?.resetAndDestroy());
};

/** A body of 100 MiB, compressed to 100 KiB. */
export function gzipBomb(): RequestListener {
  const bomb = gzipSync(Buffer.alloc(100 * MIB, ' '));
  return answer(200, bomb, { 'content-encoding': 'gzip' });
}

export function tenMebibytes(): RequestListener {
  return answer(200, `{"access_token":"${ACCESS_TOKEN}","padding":"${NOISE.repeat((10 * MIB) / NOISE.length)}"}`);
}

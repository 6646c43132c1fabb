import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Secret } from './leaks.js';

/** An identity provider and an upstream, which know every token and tell too much whenever something is wrong. */
export interface Witness {
  readonly tokenEndpoint: string;
  readonly upstream: string;
  /** All access tokens that it has minted. */
  readonly minted: readonly Secret[];
  stop(): Promise<void>;
}

/** Characters that are written in another way in JSON, in URLs and in base64. */
export const secretValue = (): string =>
  `${randomBytes(24).toString('base64url')}+/${randomBytes(6).toString('hex')}==`;

export async function startWitness(): Promise<Witness> {
  const minted: Secret[] = [];
  /** The token of `/refused` is refused until there is another one. */
  let refused: string | undefined;

  async function mint(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    response.setHeader('content-type', 'application/json');
    if (request.url?.startsWith('/token/broken')) {
      const description = `${request.headers.authorization} and ${body} and ${minted.at(-1)?.value} are wrong`;
      response.writeHead(401).end(JSON.stringify({ error: 'invalid_client', error_description: description }));
      return;
    }
    if (request.url?.startsWith('/token/garbled')) {
      response.end(`{"access_token": "${minted.at(-1)?.value}", "echo": "${request.headers.authorization}`);
      return;
    }
    const value = secretValue();
    minted.push({ name: `access token ${minted.length + 1}`, value });
    response.end(JSON.stringify({ access_token: value, token_type: 'Bearer', expires_in: 3600 }));
  }

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const { authorization } = request.headers;
    if (request.url?.startsWith('/refused')) {
      refused ??= authorization;
      if (authorization === refused) {
        response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end();
        return;
      }
    }
    if (request.url?.startsWith('/broken')) {
      response.writeHead(200, { 'content-length': '1000' }).write('begun');
      setImmediate(() => request.socket.destroy());
      return;
    }
    response.end('served');
  }

  const server = createServer((request, response) => {
    if (request.url?.startsWith('/token')) void mint(request, response);
    else serve(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    tokenEndpoint: `${url}/token`,
    upstream: url,
    minted,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close').catch(() => undefined);
    },
  };
}

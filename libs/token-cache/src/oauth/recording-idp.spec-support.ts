import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, type Socket } from 'node:net';
import { type MintedToken } from '../core/contract/token-source.js';
import { type TokenRequest } from '../core/contract/token-request.js';
import { clientCredentials, type ClientCredentialsOptions } from './index.js';

/** A request that the identity provider was sent. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly form: URLSearchParams;
  readonly socket: Socket;
}

export type Respond = (response: ServerResponse, seen: Seen) => void;

export const TOKEN = { access_token: 'abc', token_type: 'Bearer', expires_in: 3600 };

/** An answer of the provider; a body that is no text becomes JSON. */
export function answers(
  body: unknown,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string | string[]> } = {},
): Respond {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  };
}

/** An identity provider on this machine that keeps what it was sent and answers as the test says. */
export class RecordingIdp {
  readonly seen: Seen[] = [];
  respond: Respond = answers(TOKEN);

  private constructor(
    private readonly server: Server,
    readonly origin: string,
  ) {}

  static async start(): Promise<RecordingIdp> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const idp = new RecordingIdp(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('request', (request, response) => {
      const { method = '', url = '', headers, socket } = request;
      let body = '';
      request.setEncoding('utf8').on('data', (text) => (body += text));
      request.on('end', () => {
        const seen = { method, url, headers, form: new URLSearchParams(body), socket };
        idp.seen.push(seen);
        idp.respond(response, seen);
      });
    });
    return idp;
  }

  /** The last request. */
  get last(): Seen {
    return this.seen.at(-1)!;
  }

  /** Forgets all requests, and answers with a token. */
  reset(): void {
    this.seen.length = 0;
    this.respond = answers(TOKEN);
  }

  source(options: Partial<ClientCredentialsOptions> = {}) {
    const server = options.issuer === undefined ? { tokenEndpoint: `${this.origin}/token` } : {};
    const client = options.credentials ? {} : { clientId: 'gateway', clientSecret: 'secret' };
    return clientCredentials({ ...server, ...client, allowInsecureRequests: true, ...options });
  }

  async mint(options: Partial<ClientCredentialsOptions> = {}, request: TokenRequest = {}): Promise<MintedToken> {
    const context = { signal: AbortSignal.timeout(30_000), fence: 1, integration: 'billing' };
    return this.source(options).mint(request, context);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** The error of a mint that fails. */
export async function failureOf(minting: Promise<unknown>): Promise<Record<string, unknown> & Error> {
  const error: unknown = await minting.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return error as Record<string, unknown> & Error;
}

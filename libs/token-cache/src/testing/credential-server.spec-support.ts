import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { MemoryTokenStore } from '../core/slot/memory-token-store.js';
import { TokenClient } from '../core/token-client.js';
import { FakeTokenSource } from './fake-token-source.js';

/** What a request looked like when it arrived. */
export interface SeenRequest {
  readonly method: string;
  readonly authorization: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An upstream that takes one access token, or any, and remembers what it was asked. */
export class CredentialServer {
  readonly seen: SeenRequest[] = [];
  /** The only access token that gets a 200; any does while there is none. */
  accepted?: string;
  /** Ends the response, whose status is set. */
  answer: RequestListener = (_, response) => response.end('done');
  connections = 0;

  private constructor(readonly http: Server) {
    http.on('connection', () => this.connections++);
    http.on('request', async (request, response) => {
      const { method = '', headers } = request;
      const { authorization } = headers;
      this.seen.push({ method, authorization, headers, body: String(await buffer(request)) });
      response.statusCode = this.accepts(authorization) ? 200 : 401;
      this.answer(request, response);
    });
  }

  static async start(): Promise<CredentialServer> {
    const http = createServer().listen(0, '127.0.0.1');
    await once(http, 'listening');
    return new CredentialServer(http);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}/`;
  }

  /** The `Authorization` of each request so far. */
  get credentials(): (string | undefined)[] {
    return this.seen.map(({ authorization }) => authorization);
  }

  stop(): void {
    this.http.closeAllConnections();
    this.http.close();
  }

  private accepts(authorization: string | undefined): boolean {
    return this.accepted === undefined || authorization === `Bearer ${this.accepted}`;
  }
}

/** A service with the integration `billing`, whose tokens are `t-token-1`, `t-token-2` and so on. */
export function billingTokens(source = new FakeTokenSource('t')): TokenClient {
  return new TokenClient({ store: new MemoryTokenStore(), integrations: { billing: { source } } });
}

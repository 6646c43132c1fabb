import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type Clock, systemClock } from '../core/contract/clock.js';
import { MemoryTokenStore } from '../core/slot/memory-token-store.js';
import { TokenClient } from '../core/token-client.js';
import { FakeTokenSource } from './fake-token-source.js';

/** A request as it arrived. */
export interface SeenRequest {
  readonly method: string;
  readonly authorization: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An upstream that accepts one access token, or any, and records its requests. */
export class CredentialServer {
  readonly seen: SeenRequest[] = [];
  /** The only access token that gets a 200; while undefined, every token does. */
  accepted?: string;
  /** Ends the response; its status is set before. */
  answer: RequestListener = (_, response) => response.end('done');
  connections = 0;

  private constructor(readonly http: Server) {
    http.on('connection', () => this.connections++);
    http.on('request', (request, response) => {
      this.receive(request, response).catch(() => response.destroy());
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

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', headers } = request;
    const { authorization } = headers;
    this.seen.push({ method, authorization, headers, body: String(await buffer(request)) });
    response.statusCode = this.accepts(authorization) ? 200 : 401;
    this.answer(request, response);
  }

  stop(): void {
    this.http.closeAllConnections();
    this.http.close();
  }

  private accepts(authorization: string | undefined): boolean {
    return this.accepted === undefined || authorization === `Bearer ${this.accepted}`;
  }
}

/** What a machine that stands still adds to the age of a token at most: less than makes one old. */
const LONGEST_STALL_MS = 500;

/** The system's time but for stalls and, on top of it, what a test adds. */
export class AgingClock implements Clock {
  addedMs = 0;
  private readonly startedAt = Date.now();
  private passedMs = 0;
  private readAt = performance.now();

  now = (): number => this.startedAt + this.monotonic();

  monotonic = (): number => {
    const readAt = performance.now();
    this.passedMs += Math.min(readAt - this.readAt, LONGEST_STALL_MS);
    this.readAt = readAt;
    return this.passedMs + this.addedMs;
  };

  after = systemClock.after;
}

/** A client with the integration `billing` and the tokens `t-token-1`, `t-token-2` and so on. */
export function billingTokens(source = new FakeTokenSource('t'), clock: Clock = systemClock): TokenClient {
  return new TokenClient({ store: new MemoryTokenStore({ clock }), integrations: { billing: { source } }, clock });
}

/** Has the client obtain its token, and makes that old enough for a refusal to count at once. */
export async function age(tokens: TokenClient, clock: AgingClock): Promise<void> {
  await tokens.getToken('billing');
  clock.addedMs += 10_000;
}

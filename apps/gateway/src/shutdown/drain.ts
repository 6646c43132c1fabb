import { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import { unheld } from './unheld.js';

/** How long callers with an idle connection may still send a request, to be told that the connection closes. */
const LINGER_MS = 1_000;
const SWEEP_MS = 50;

/** Knows which answers are under way, so that a server can stop without breaking one off. */
export class Drain {
  private readonly inFlight = new Set<ServerResponse>();
  private isDraining = false;

  constructor(private readonly server: Server) {
    // Before Fastify, which may answer at once.
    server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) => {
      if (this.isDraining) response.setHeader('connection', 'close');
      this.inFlight.add(response);
      response.once('close', () => this.inFlight.delete(response));
    });
  }

  /** Accepts no connection any more, finishes what is in flight, and cuts off what is not finished after `timeoutMs`. */
  async run(timeoutMs: number): Promise<void> {
    this.isDraining = true;
    for (const response of this.inFlight) {
      if (!response.headersSent) response.setHeader('connection', 'close');
    }
    const closed = this.stopAccepting();
    await Promise.race([closed, unheld(LINGER_MS)]);
    const sweep = setInterval(() => this.server.closeIdleConnections(), SWEEP_MS);
    await Promise.race([closed, unheld(Math.max(timeoutMs - LINGER_MS, 0))]);
    clearInterval(sweep);
    this.server.closeAllConnections();
    await closed;
  }

  /** Not the HTTP server's own `close`, which breaks idle connections off at once, under requests that are on their way. */
  private stopAccepting(): Promise<void> {
    return new Promise((resolve) => NetServer.prototype.close.call(this.server, () => resolve()));
  }
}

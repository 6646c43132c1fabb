import { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import { unheld } from './unheld.js';

/** How long idle connections stay open, so that a request in flight on one of them is answered, with `Connection: close`. */
const LINGER_MS = 1_000;
const SWEEP_MS = 50;

/** Tracks the answers in flight, so that a server can stop without breaking one off. */
export class Drain {
  private readonly inFlight = new Set<ServerResponse>();
  private isDraining = false;

  constructor(private readonly server: Server) {
    // This listener must run before Fastify's, which may answer at once.
    server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) => {
      if (this.isDraining) response.setHeader('connection', 'close');
      this.inFlight.add(response);
      response.once('close', () => this.inFlight.delete(response));
    });
  }

  /** Stops accepting connections, waits for the answers in flight, and breaks off those that take longer than `timeoutMs`. */
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

  /** Calls the `close` of `net.Server`: that of `http.Server` also closes idle connections, on which a request may be in flight. */
  private stopAccepting(): Promise<void> {
    return new Promise((resolve) => NetServer.prototype.close.call(this.server, () => resolve()));
  }
}

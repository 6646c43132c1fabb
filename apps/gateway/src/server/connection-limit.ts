import { type Server } from 'node:http';
import { type Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { PeerTimeout } from '../peer-timeout.js';
import { overloaded } from '../proxy/problems.js';
import { endWithProblem } from './raw-problem.js';

/** A caller that does not take the answer loses its connection after this. */
const REFUSAL_MS = 1_000;

/** Beyond so many refusals at once a connection is closed without an answer: each has a descriptor until its caller has read it. */
const MOST_REFUSALS = 32;

/** Refuses connections beyond a number, so that callers cannot use up the descriptors. */
export class ConnectionLimit {
  private open = 0;
  private readonly refused = new WeakSet<Socket>();

  constructor(
    private readonly server: Server,
    limit: number,
  ) {
    server.on('connection', (socket: Socket) => {
      this.open++;
      socket.once('close', () => this.open--);
      if (this.open > limit + MOST_REFUSALS) socket.destroy();
      else if (this.open > limit) this.refuse(socket);
    });
  }

  /** Whether the connection is refused, and its requests are not heard. */
  isRefused(socket: Socket): boolean {
    return this.refused.has(socket);
  }

  private refuse(socket: Socket): void {
    // Before its handshake is over, a caller could read no answer.
    if (this.server instanceof TlsServer) return void socket.destroy();
    this.refused.add(socket);
    endWithProblem(socket, overloaded());
    const timeout = new PeerTimeout(REFUSAL_MS, () => socket.destroy());
    socket.once('close', () => timeout.clear());
  }
}

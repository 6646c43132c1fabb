import { type IncomingMessage, type Server } from 'node:http';
import { type Socket } from 'node:net';

/**
 * Callers whose header is late. Node looks for them on a timer, which after a stall of the event loop runs before the sockets are
 * read: a caller whose header is there once they are is served.
 */
export class LateHeaders {
  private readonly late = new Set<Socket>();

  constructor(server: Server) {
    const heard = ({ socket }: IncomingMessage): void => {
      if (this.late.size > 0) this.late.delete(socket);
    };
    for (const event of ['request', 'checkExpectation', 'connect']) server.on(event, heard);
  }

  /** Calls `refuse` unless the header arrives with what has come already. */
  judge(socket: Socket, refuse: () => void): void {
    this.late.add(socket);
    setImmediate(() => {
      if (this.late.delete(socket)) refuse();
    });
  }
}

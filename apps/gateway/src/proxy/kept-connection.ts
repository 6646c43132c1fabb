import { subscribe } from 'node:diagnostics_channel';
import { type Socket } from 'node:net';
import { IDEMPOTENT_METHODS } from './proxy.methods.js';
import { onEachRead } from './socket-reads.js';

/** undici does not fail the request that an error with this code befalls: it sends it on the next connection. */
const SENT_AGAIN = 'UND_ERR_INFO';
/** What is sent over a connection that the other end has closed is answered with a reset. */
const CLOSED = new Set<string | undefined>(['ECONNRESET', 'EPIPE']);

/** What undici publishes before the first byte of each request. */
interface Sent {
  readonly socket: Socket;
  readonly request: { readonly method: string; readonly body: unknown };
}

/** What one connection carries. */
class KeptConnection {
  private requests = 0;
  private mayRepeat = false;

  /** Whether the request that it carries is to be sent again should the connection be closed now. */
  get isToRepeat(): boolean {
    return this.mayRepeat;
  }

  sends({ method, body }: Sent['request']): void {
    const isKept = this.requests++ > 0;
    this.mayRepeat = isKept && body === null && IDEMPOTENT_METHODS.has(method);
  }

  /** A byte of an answer: the upstream has the request. */
  receives(): void {
    this.mayRepeat = false;
  }
}

const connections = new WeakMap<Socket, KeptConnection>();

subscribe('undici:client:sendHeaders', (message) => {
  const { socket, request } = message as Sent;
  connections.get(socket)?.sends(request);
});

/**
 * Has a request sent once more, on a new connection, if its kept one turns out to be closed before a byte of the answer (RFC 9112
 * section 9.3.1). An upstream closes idle connections, and a machine that is suspended does not hear of it. Never repeated are a
 * request that has a body or is not idempotent, and one on a new connection, which the upstream closed because of the request.
 * Call it before undici listens to the socket.
 */
export function repeatWhatIsUnheard(socket: Socket): void {
  const connection = new KeptConnection();
  connections.set(socket, connection);
  onEachRead(socket, () => connection.receives());
  socket.on('error', (failure: NodeJS.ErrnoException) => {
    if (connection.isToRepeat && CLOSED.has(failure.code)) failure.code = SENT_AGAIN;
  });
  socket.on('end', () => {
    if (connection.isToRepeat) socket.destroy(Object.assign(new Error('Closed by the upstream'), { code: SENT_AGAIN }));
  });
}

import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';

/** Requests of one connection that wait before it is read no further; what was read already may add to them. */
const MAX_WAITING = 8;

interface Waiting {
  readonly response: ServerResponse;
  serve(): void;
}

/** The requests of one connection that wait for the one in work. */
interface Turns {
  readonly waiting: Waiting[];
}

/**
 * Serves the requests of a connection one after the other. Node hands out pipelined requests all at once, and each would use a
 * connection to the upstream.
 */
export class ConnectionTurns {
  private readonly bySocket = new WeakMap<Socket, Turns>();

  /** Calls `serve` once the requests before it are answered, or never if the connection closes before that. */
  take({ socket }: IncomingMessage, response: ServerResponse, serve: () => void): void {
    const turns = this.bySocket.get(socket);
    if (!turns) return this.begin(socket, { response, serve });
    turns.waiting.push({ response, serve });
    if (turns.waiting.length === MAX_WAITING) pauseAfterParsing(socket, turns);
  }

  private begin(socket: Socket, first: Waiting): void {
    const turns: Turns = { waiting: [] };
    this.bySocket.set(socket, turns);
    this.serve(socket, turns, first);
  }

  private serve(socket: Socket, turns: Turns, { response, serve }: Waiting): void {
    // The next request must find what this one has let go of, and others listen for the end of this one too.
    response.once('close', () => queueMicrotask(() => this.next(socket, turns)));
    serve();
  }

  private next(socket: Socket, turns: Turns): void {
    if (socket.destroyed) return giveUp(turns);
    const next = turns.waiting.shift();
    if (turns.waiting.length === MAX_WAITING - 1) socket.resume();
    if (next) this.serve(socket, turns, next);
    else this.bySocket.delete(socket);
  }
}

/**
 * Stops reading once what was read is parsed. Node resumes the connection at the end of each message, and does so in the next
 * tick; this is the tick after that.
 */
function pauseAfterParsing(socket: Socket, { waiting }: Turns): void {
  process.nextTick(() =>
    process.nextTick(() => {
      if (waiting.length >= MAX_WAITING) socket.pause();
    }),
  );
}

/** Node tells nothing to a response that never had its turn, and whoever counts responses would wait for it. */
function giveUp({ waiting }: Turns): void {
  for (const { response } of waiting.splice(0)) response.emit('close');
}

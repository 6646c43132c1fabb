import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';

/** Requests of one connection that wait before it is read no further; what was read already may add to them. */
const MAX_WAITING = 8;

interface Turn {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  serve(): void;
}

/** The requests of one connection: the one in work, and those that wait for it. */
interface Turns {
  inWork: Turn;
  readonly waiting: Turn[];
  /** Ends the connection behind them. */
  end?: () => void;
}

/**
 * Serves the requests of a connection one after the other, and what is no request behind them. Node hands out pipelined requests
 * all at once, and each would use a connection to the upstream.
 */
export class ConnectionTurns {
  private readonly bySocket = new WeakMap<Socket, Turns>();
  /** Answered requests whose body is not complete. */
  private readonly unread = new WeakMap<Socket, IncomingMessage>();

  /** Calls `serve` once the requests before it are answered, or never if the connection ends before that. */
  take(request: IncomingMessage, response: ServerResponse, serve: () => void): void {
    const { socket } = request;
    const turn = { request, response, serve };
    const turns = this.bySocket.get(socket);
    // What follows an answer with `Connection: close` is not heard (RFC 9112 section 9.6).
    if (!socket.writable || turns?.end) return giveUp([turn]);
    if (!turns) return this.begin(socket, turn);
    turns.waiting.push(turn);
    if (turns.waiting.length === MAX_WAITING) pauseAfterParsing(socket, turns);
  }

  /**
   * Ends the connection with what is no request. `refuse` answers it and ends the connection: behind the requests before it, or at
   * once if it is the body of a request without an answer.
   */
  end(socket: Socket, refuse: () => void): void {
    const turns = this.bySocket.get(socket);
    if (turns) endBehind(socket, turns, refuse);
    // One answer for each request: this one had its own.
    else if (this.unread.get(socket)?.complete === false) socket.destroySoon();
    else refuse();
  }

  /** The answer that is next on the connection. */
  answerOn(socket: Socket): ServerResponse | undefined {
    return this.bySocket.get(socket)?.inWork.response;
  }

  private begin(socket: Socket, first: Turn): void {
    const turns: Turns = { inWork: first, waiting: [] };
    this.bySocket.set(socket, turns);
    this.serve(socket, turns, first);
  }

  private serve(socket: Socket, turns: Turns, turn: Turn): void {
    turns.inWork = turn;
    // The next request must find what this one has let go of, and others listen for the end of this one too.
    turn.response.once('close', () => queueMicrotask(() => this.next(socket, turns)));
    turn.serve();
  }

  private next(socket: Socket, turns: Turns): void {
    // It is ended before it is destroyed.
    if (!socket.writable) return giveUp(turns.waiting.splice(0));
    const next = turns.waiting.shift();
    if (turns.waiting.length === MAX_WAITING - 1) socket.resume();
    if (next) this.serve(socket, turns, next);
    else if (turns.end) turns.end();
    else this.rest(socket, turns.inWork.request);
  }

  private rest(socket: Socket, last: IncomingMessage): void {
    this.bySocket.delete(socket);
    if (!last.complete) this.unread.set(socket, last);
  }
}

function endBehind(socket: Socket, turns: Turns, refuse: () => void): void {
  if (turns.end) return;
  turns.end = refuse;
  const last = turns.waiting.at(-1) ?? turns.inWork;
  if (last.request.complete) return;
  if (last !== turns.inWork) giveUp(turns.waiting.splice(-1));
  else if (last.response.writableEnded) turns.end = () => socket.destroySoon();
  // The caller must not take the document for a part of the answer, nor a part of the answer for the whole.
  else if (last.response.headersSent) socket.destroy();
  else refuse();
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
function giveUp(turns: readonly Turn[]): void {
  for (const { response } of turns) response.emit('close');
}

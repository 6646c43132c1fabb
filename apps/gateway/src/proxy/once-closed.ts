import { type IncomingMessage, type ServerResponse } from 'node:http';

/** Calls back once: when the answer has been sent, or when the connection closes before that. */
export function onceClosed({ socket }: IncomingMessage, response: ServerResponse, callback: () => void): void {
  response.once('close', closed);
  // A pipelined response has no socket before its turn, and gets no event if the connection closes meanwhile.
  if (!response.socket) socket.once('close', closed);

  function closed(): void {
    response.off('close', closed);
    socket.off('close', closed);
    callback();
  }
}

import { type IncomingMessage, type ServerResponse } from 'node:http';

/** Calls back when the answer is out, or the connection is gone before it. */
export function onceClosed({ socket }: IncomingMessage, response: ServerResponse, callback: () => void): void {
  response.once('close', closed);
  // A pipelined response has no socket before its turn, and does not hear that the connection closes meanwhile.
  if (!response.socket) socket.once('close', closed);

  function closed(): void {
    response.off('close', closed);
    socket.off('close', closed);
    callback();
  }
}

import { type IncomingMessage, type ServerResponse } from 'node:http';
import { PeerTimeout } from '../peer-timeout.js';

/** Time for the rest of a body after its answer. */
const REST_MS = 5_000;

/**
 * Closes the connection if the body is not complete some time after its answer: the next request lies behind it, and a caller
 * that sends no more would hold the connection for ever.
 */
export function closeIfUnread(request: IncomingMessage, response: ServerResponse, restMs = REST_MS): void {
  response.once('finish', () => {
    if (request.complete) return;
    const { socket } = request;
    const timeout = new PeerTimeout(restMs, () => socket.destroy());
    // Node tells a request that was answered nothing of the end of its connection.
    socket.once('close', stop);
    request.once('close', stop);

    function stop(): void {
      timeout.clear();
      socket.off('close', stop);
    }
  });
}

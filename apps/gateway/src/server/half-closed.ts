import { type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** Most answers are there before the first probe; the time doubles with each further one. */
const FIRST_PROBE_MS = 200;

/**
 * Answers callers that close their half of the connection after the request, as `nc -N` does. A caller that left looks the same
 * until it is sent something: then its machine resets the connection.
 */
export function answerHalfClosed(server: Server): void {
  // Node closes its own half otherwise. The option is not in its types.
  Object.assign(server, { httpAllowHalfOpen: true });
}

/**
 * Sends `100 Continue`, which any client of HTTP/1.1 must be able to receive (RFC 9110 section 15.2), to a caller that closed its
 * half and waits for an answer. If the caller left, the connection is reset: the system tells so at the next probe, since Node no
 * longer reads a connection whose other half is closed. A caller of HTTP/1.0 knows no interim answers: its departure shows when it
 * is sent the answer.
 */
export function probeHalfClosed({ socket, httpVersion }: IncomingMessage, response: ServerResponse): void {
  let timeout: NodeJS.Timeout | undefined;
  const probeAfter = (ms: number): void => {
    timeout = setTimeout(() => {
      if (response.headersSent) return;
      response.writeContinue();
      probeAfter(2 * ms);
    }, ms);
  };
  const ended = (): void => probeAfter(FIRST_PROBE_MS);
  if (httpVersion === '1.1') socket.once('end', ended);
  response.once('close', () => {
    clearTimeout(timeout);
    socket.off('end', ended);
  });
}

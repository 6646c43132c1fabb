import { buildConnector } from 'undici';

/**
 * Connects as `connect` does. A connection that is reset is an error at once: undici takes `ECONNRESET` for the end of a body
 * without a length, and the caller would take a part for the whole (RFC 9112 section 8).
 */
export function strictConnector(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error) return callback(error, null);
      // This listener comes before undici's own, which compares the code.
      socket.on('error', (failure: NodeJS.ErrnoException) => {
        if (failure.code === 'ECONNRESET') failure.code = 'GATEWAY_CONNECTION_RESET';
      });
      callback(null, socket);
    });
}

/** TLS is verified whatever NODE_TLS_REJECT_UNAUTHORIZED says. */
export function verifyingConnector(timeoutMs: number): buildConnector.connector {
  return strictConnector(buildConnector({ timeout: timeoutMs, rejectUnauthorized: true }));
}

import { buildConnector } from 'undici';

/** TLS is verified whatever NODE_TLS_REJECT_UNAUTHORIZED says. */
export const verifiedTls = (timeoutMs: number): buildConnector.BuildOptions => ({
  timeout: timeoutMs,
  rejectUnauthorized: true,
});

/** Connects directly. */
export function verifyingConnector(timeoutMs: number): buildConnector.connector {
  return strictConnector(buildConnector(verifiedTls(timeoutMs)));
}

/** The tunnel through a proxy could not be had. */
export class TunnelError extends Error {
  constructor(
    readonly code: 'UND_ERR_CONNECT_TIMEOUT' | 'GATEWAY_PROXY_REFUSED',
    options: ErrorOptions,
  ) {
    super('The proxy gave no tunnel', options);
  }
}

/** Connects through `tunnel`, which must have the proxy's answer in time. */
export function tunnelConnector(tunnel: buildConnector.connector, timeoutMs: number): buildConnector.connector {
  return strictConnector((options, callback) =>
    // undici hands the signal on to its request to the proxy.
    tunnel(Object.assign(options, { signal: AbortSignal.timeout(timeoutMs) }), (...[error, socket]) => {
      if (error) callback(tunnelError(error), null);
      else callback(null, socket);
    }),
  );
}

function tunnelError(error: Error & { code?: unknown }): Error {
  if (error.name === 'TimeoutError') return new TunnelError('UND_ERR_CONNECT_TIMEOUT', { cause: error });
  return error.code === 'UND_ERR_ABORTED' ? new TunnelError('GATEWAY_PROXY_REFUSED', { cause: error }) : error;
}

/**
 * A connection that is reset is an error at once: undici takes `ECONNRESET` for the end of a body without a length, and the
 * caller would take a part for the whole (RFC 9112 section 8).
 */
function strictConnector(connect: buildConnector.connector): buildConnector.connector {
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

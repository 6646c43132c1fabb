import { buildConnector } from 'undici';
import { type ClientTls, type ReadClientTls } from '../config/client-tls.js';
import { PeerTimeout } from '../peer-timeout.js';
import { remade } from '../remade.js';
import { repeatWhatIsUnheard } from './kept-connection.js';
import { allowContinue } from './unsolicited-continue.js';

/** TLS is verified whatever NODE_TLS_REJECT_UNAUTHORIZED says. */
export const verifiedTls = (timeoutMs: number): buildConnector.BuildOptions => ({
  timeout: timeoutMs,
  rejectUnauthorized: true,
});

const NO_OPTIONS: ClientTls = {};

/** Connects directly, with the options that `tls` reads for each connection. */
export function verifyingConnector(timeoutMs: number, tls: ReadClientTls = () => NO_OPTIONS): buildConnector.connector {
  const connector = remade(tls, (options) => {
    const connect = buildConnector({ ...options, ...verifiedTls(timeoutMs) });
    const { servername } = options;
    // undici names the host of the URL, which goes before the name in the options.
    return servername === undefined ? connect : named(servername, connect);
  });
  return strictConnector((options, callback) => connector()(options, callback));
}

function named(servername: string, connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) => connect({ ...options, servername }, callback);
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
  return strictConnector((options, callback) => {
    const limit = new AbortController();
    const timeout = new PeerTimeout(timeoutMs, () => limit.abort(new TunnelTimeoutError()));
    // undici hands the signal on to its request to the proxy.
    tunnel(Object.assign(options, { signal: limit.signal }), (...[error, socket]) => {
      timeout.clear();
      if (error) callback(tunnelError(error), null);
      else callback(null, socket);
    });
  });
}

/** The proxy did not answer in time. */
class TunnelTimeoutError extends Error {}

function tunnelError(error: Error & { code?: unknown }): Error {
  if (error instanceof TunnelTimeoutError) return new TunnelError('UND_ERR_CONNECT_TIMEOUT', { cause: error });
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
      repeatWhatIsUnheard(socket);
      // This listener comes before undici's own, which compares the code.
      socket.on('error', (failure: NodeJS.ErrnoException) => {
        if (failure.code === 'ECONNRESET') failure.code = 'GATEWAY_CONNECTION_RESET';
      });
      allowContinue(socket);
      callback(null, socket);
    });
}

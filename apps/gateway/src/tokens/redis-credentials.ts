import { type ConnectionOptions, createSecureContext } from 'node:tls';
import { type ReadClientTls } from '../config/client-tls.js';
import { type Secret } from '../config/secret.js';

/**
 * Makes the options of a client read its secrets at each connection, so that one which was rotated needs no restart: ioredis looks
 * at `options` whenever it connects, and copies them for each further connection.
 */
export function readAtEachConnection(client: { options: object }, secrets: Record<string, Secret | undefined>): void {
  for (const [option, secret] of Object.entries(secrets)) {
    if (typeof secret !== 'function') continue;
    Object.defineProperty(client.options, option, { enumerable: true, configurable: true, get: secret });
  }
}

/** Options of TLS whose files are read at each connection; the server's certificate is verified whatever the environment says. */
export function liveTls(read: ReadClientTls): ConnectionOptions {
  const { servername } = read();
  const options = { rejectUnauthorized: true, ...(servername !== undefined && { servername }) };
  return Object.defineProperty(options, 'secureContext', { enumerable: true, get: () => createSecureContext(read()) });
}

import { once } from 'node:events';
import { createServer } from 'node:net';
import { StartError } from './start-error.mjs';

/**
 * Checks that the gateway can listen.
 *
 * @throws StartError if not, naming the variables to change
 */
export async function checkPort({ host, port }) {
  const code = await whyNot(host, port);
  if (code === 'EADDRINUSE') throw new StartError(`Port ${port} is in use. Choose another one: PORT=3001 npm start`);
  if (code) throw new StartError(`Cannot listen on ${host}, port ${port} (${code}). Choose others with HOST and PORT.`);
}

/** The port if it is free, else 0, for any free port. */
export async function freeOrAny(host, port) {
  return (await whyNot(host, port)) ? 0 : port;
}

/** The error code of listening there; undefined if it works. */
async function whyNot(host, port) {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return undefined;
  } catch (error) {
    return error.code;
  }
}

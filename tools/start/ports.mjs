import { once } from 'node:events';
import { createServer } from 'node:net';
import { StartError } from './start-error.mjs';

export async function checkPort({ host, port }) {
  const code = await whyNot(host, port);
  if (code === 'EADDRINUSE') throw new StartError(`Port ${port} is in use. Choose another one: PORT=3001 npm start`);
  if (code) throw new StartError(`Cannot listen on ${host}, port ${port} (${code}). Choose others with HOST and PORT.`);
}

/** The port when it is free, else 0: any other. */
export async function freeOrAny(host, port) {
  return (await whyNot(host, port)) ? 0 : port;
}

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

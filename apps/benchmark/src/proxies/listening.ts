import { once } from 'node:events';
import { type Server } from 'node:http';
import { type AddressInfo } from 'node:net';

/** What a script of this folder prints once callers can connect. */
export const LISTENING = /listening on (\d+)/;

/** Listens on a free port of the loopback, and tells which. */
export async function listen(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  announce((server.address() as AddressInfo).port);
}

export function announce(port: number): void {
  process.stdout.write(`listening on ${port}\n`);
}

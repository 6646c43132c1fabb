import { subscribe } from 'node:diagnostics_channel';
import { type Socket } from 'node:net';
import { InterimHeads } from './interim-heads.js';
import { onEachRead } from './socket-reads.js';

const heads = new WeakMap<Socket, InterimHeads>();

// undici publishes this before the first byte of each request.
subscribe('undici:client:sendHeaders', (message) => heads.get((message as { socket: Socket }).socket)?.expect());

/**
 * Lets a connection of undici have `100 Continue` though no request asks for it. A client may discard it (RFC 9110 section
 * 15.2.1); undici takes it for a broken server and closes the connection, but ignores `103`.
 */
export function allowContinue(socket: Socket): void {
  const interim = new InterimHeads();
  heads.set(socket, interim);
  onEachRead(socket, (chunk) => interim.rename(chunk));
}

import { createServer, type Server, type ServerOptions } from 'node:https';
import { type Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import { readTls, type TlsFiles } from '../config/doors.js';

/** A caller that does not finish its handshake in this time loses its connection. */
const HANDSHAKE_MS = 10_000;
/** How often certificate and key are read again. Files in a container are links that are exchanged, which no watcher notices. */
const REREAD_MS = 1_000;

/** An https server that takes a new certificate as soon as its files hold one, without a restart. */
export function createTlsServer(options: ServerOptions, files: TlsFiles): Server {
  const server = createServer({ ...options, ...readTls(files), handshakeTimeout: HANDSHAKE_MS });
  closeUnfinishedHandshakes(server);
  if (typeof files.cert !== 'string' || typeof files.key !== 'string') followFiles(server, files);
  return server;
}

/** Node does not count a connection among those of the server before its handshake is over, and would wait for it at the end. */
function closeUnfinishedHandshakes(server: Server): void {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const closeAllConnections = server.closeAllConnections.bind(server);
  server.closeAllConnections = () => {
    closeAllConnections();
    for (const socket of sockets) socket.destroy();
  };
}

function followFiles(server: Server, files: TlsFiles): void {
  const logger = new Logger('Tls');
  let current = JSON.stringify(readTls(files));
  let refused = '';
  const timer = setInterval(() => {
    let found = '';
    try {
      const pair = readTls(files);
      found = JSON.stringify(pair);
      if (found === current || found === refused) return;
      server.setSecureContext(pair);
      current = found;
      refused = '';
      logger.warn('The certificate was replaced by the one that its file holds now');
    } catch (error) {
      // The other file of the pair may not be written yet: the next read finds both.
      if (found !== refused)
        logger.warn(
          `The new certificate cannot be used, the old one stays: ${codeOf(error)}. Write a chain and its key in PEM`,
        );
      refused = found;
    }
  }, REREAD_MS).unref();
  server.once('close', () => clearInterval(timer));
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'UNKNOWN';
}

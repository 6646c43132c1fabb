import { type IncomingMessage, type Server } from 'node:http';
import { type Socket } from 'node:net';
import { type Duplex } from 'node:stream';
import { unsupportedMethod } from '../proxy/problems.js';
import { FORWARDED_METHODS } from '../proxy/proxy.methods.js';
import { type ConnectionTurns } from './connection-turns.js';
import { endWithProblem } from './raw-problem.js';

/**
 * Answers CONNECT with 405, behind the requests before it. Node lets go of a connection with a CONNECT: nobody reads it, hears of its
 * errors, or tells the answers before it when to go on.
 */
export function refuseTunnels(server: Server, turns: ConnectionTurns): void {
  server.on('connect', (_request: IncomingMessage, stream: Duplex) => {
    const socket = stream as Socket;
    // An error that nobody hears would end the process.
    socket.on('error', () => {}).on('drain', () => turns.answerOn(socket)?.emit('drain'));
    socket.resume();
    turns.end(socket, () => {
      if (!socket.writable) return;
      endWithProblem(socket, unsupportedMethod([...FORWARDED_METHODS]));
      socket.destroySoon();
    });
  });
}

import { STATUS_CODES } from 'node:http';
import { type Socket } from 'node:net';
import { type Problem, problemDocument, problemHeaders } from '../proxy/problem.js';
import { requestIdOf } from '../proxy/request-id.js';

/** Answers a connection that has no request to answer, and ends it. */
export function endWithProblem(socket: Socket, problem: Problem): void {
  const requestId = requestIdOf(undefined);
  const body = JSON.stringify(problemDocument(problem, requestId));
  const fields = Object.entries({
    ...problemHeaders(problem, requestId),
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${fields.join('')}\r\n${body}`);
}

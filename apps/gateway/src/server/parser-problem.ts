import { type Socket } from 'node:net';
import { type Problem } from '../proxy/problem.js';
import { endWithProblem } from './raw-problem.js';

const malformed: Problem = {
  status: 400,
  code: 'GATEWAY_HTTP_400',
  title: 'Malformed request',
  detail: 'The request is not well-formed HTTP/1.1: check how it is made',
};

/** Node's code for a header that did not arrive in time. */
const LATE_HEADER = 'ERR_HTTP_REQUEST_TIMEOUT';

const PROBLEMS = new Map<string | undefined, Problem>([
  [
    'HPE_HEADER_OVERFLOW',
    {
      status: 431,
      code: 'GATEWAY_HEADERS_TOO_LARGE',
      title: 'Header too large',
      detail: 'The header of the request is longer than 16 KiB: send a shorter one',
    },
  ],
  [
    LATE_HEADER,
    {
      status: 408,
      code: 'GATEWAY_HEADERS_TIMEOUT',
      title: 'Request header timed out',
      detail: 'The header of the request did not arrive in time: send the request again',
    },
  ],
]);

export function isLateHeader({ code }: NodeJS.ErrnoException): boolean {
  return code === LATE_HEADER;
}

/** Answers what is no request for Node's parser, and ends the connection. */
export function answerParserError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return;
  endWithProblem(socket, PROBLEMS.get(error.code) ?? malformed);
  socket.destroySoon();
}

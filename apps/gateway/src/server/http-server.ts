import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';
import { type TlsFiles } from '../config/doors.js';
import { type Limits } from '../config/limits.js';
import { type Problem, sendProblem } from '../proxy/problem.js';
import { idOfRequest } from '../proxy/request-id.js';
import { ConnectionLimit } from './connection-limit.js';
import { ConnectionTurns } from './connection-turns.js';
import { expectsContinue } from './expect-continue.js';
import { answerHalfClosed, probeHalfClosed } from './half-closed.js';
import { connectionsWithin, openFilesLimit } from './open-files.js';
import { LateHeaders } from './late-headers.js';
import { answerParserError, isLateHeader } from './parser-problem.js';
import { malformedProblem } from './request-check.js';
import { createTlsServer } from './tls-server.js';
import { refuseTunnels } from './tunnels.js';
import { closeIfUnread } from './unread-body.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Long enough for a caller to come back; longer than its own idle time, so that it closes first. */
const KEEP_ALIVE_MS = 72_000;

/** A caller on a bad network takes seconds for a header; one who holds a connection takes for ever. */
const HEADERS_MS = 30_000;
/** How often headers are looked after. */
const CHECK_MS = 5_000;

const unknownExpectation: Problem = {
  status: 417,
  code: 'GATEWAY_EXPECTATION_UNSUPPORTED',
  title: 'Expectation not supported',
  detail: 'The only expectation that is understood is 100-continue: send the request without Expect',
};

/**
 * The HTTP server: it hands on well-formed requests, one of a connection at a time, within the limits of the worker.
 *
 * @param tls makes it an https server
 * @param headersMs time from the opening of a connection, or the first byte of a further request, to the end of the header
 */
export function createHttpServer(handler: Handler, limits: Limits, tls?: TlsFiles, headersMs = HEADERS_MS): Server {
  const options = {
    requireHostHeader: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: headersMs,
    connectionsCheckingInterval: Math.min(headersMs, CHECK_MS),
  };
  const server: Server = tls ? createTlsServer(options, tls) : createServer(options);
  // Bodies have limits of their own; an upload may take its time.
  server.requestTimeout = 0;
  // Node would leave out the fields beyond a number, and the framing of the body with them.
  server.maxHeadersCount = 0;
  answerHalfClosed(server);
  const connections = new ConnectionLimit(server, connectionsWithin(limits.connections, openFilesLimit()));
  const turns = new ConnectionTurns();
  const refuse = (request: IncomingMessage, response: ServerResponse, problem: Problem): void =>
    sendProblem(response, problem, idOfRequest(request));

  const hear = (request: IncomingMessage, response: ServerResponse, serve: () => void): void => {
    if (!connections.isRefused(request.socket)) turns.take(request, response, serve);
  };

  server.on('request', (request, response) =>
    hear(request, response, () => {
      closeIfUnread(request, response);
      probeHalfClosed(request, response);
      const problem = malformedProblem(request);
      if (problem) refuse(request, response, problem);
      else handler(request, response);
    }),
  );
  server.on('checkContinue', (request, response) => {
    expectsContinue(request);
    server.emit('request', request, response);
  });
  server.on('checkExpectation', (request, response) =>
    hear(request, response, () => refuse(request, response, unknownExpectation)),
  );
  refuseTunnels(server, turns);
  const lateHeaders = new LateHeaders(server);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const answer = (): void => turns.end(socket, () => answerParserError(error, socket));
    if (isLateHeader(error)) lateHeaders.judge(socket, answer);
    else answer();
  });
  return server;
}

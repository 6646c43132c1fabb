import { type IncomingMessage } from 'node:http';
import { type Problem } from '../proxy/problem.js';

/** Enough for any program; the 16 KiB of a header hold four times as many. */
const MAX_FIELDS = 1_000;

const tooManyFields: Problem = {
  status: 431,
  code: 'GATEWAY_HEADERS_TOO_MANY',
  title: 'Too many header fields',
  detail: `The request has more than ${MAX_FIELDS} header fields: send fewer`,
};

const unknownVersion: Problem = {
  status: 505,
  code: 'GATEWAY_HTTP_VERSION_UNSUPPORTED',
  title: 'HTTP version not supported',
  detail: 'The gateway speaks HTTP/1.1 and HTTP/1.0: send the request in one of them',
};

const missingHost: Problem = {
  status: 400,
  code: 'GATEWAY_HOST_INVALID',
  title: 'Host refused',
  detail: 'A request of HTTP/1.1 must have a Host field (RFC 9112 section 3.2): send it',
};

/** The problem of a request that the gateway cannot take for what it is, whatever its route; undefined if there is none. */
export function malformedProblem({ httpVersion, rawHeaders, headers }: IncomingMessage): Problem | undefined {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return unknownVersion;
  if (rawHeaders.length > 2 * MAX_FIELDS) return tooManyFields;
  return httpVersion === '1.1' && headers.host === undefined ? missingHost : undefined;
}

import { type Problem } from './problem.js';
import { isOutOfFiles, overloaded } from './problems.js';

const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']);
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'GATEWAY_PROXY_REFUSED',
]);
/** What the other end does not like; the alert for a certificate that is missing comes after the request (RFC 8446 section 4.4.2.4). */
const TLS_ALERT = /^ERR_SSL_.*ALERT/;
const UNTRUSTED = /CERT|SIGNATURE|^ERR_(TLS|SSL)|_PRX_TLS$/;

/** No byte of a body moved for too long. */
export class BodyTimeoutError extends Error {
  readonly code = 'UND_ERR_BODY_TIMEOUT';
}

/** The header of the final answer did not come in time. */
export class HeadersTimeoutError extends Error {
  readonly code = 'UND_ERR_HEADERS_TIMEOUT';
}

/** All connections to the upstream were in use for too long. */
export class UpstreamBusyError extends Error {
  readonly code = 'GATEWAY_UPSTREAM_BUSY';
}

/** The answer cannot be passed on as what it is. */
export class InvalidAnswerError extends Error {
  readonly code = 'GATEWAY_ANSWER_INVALID';
}

/** The problem of an upstream that did not answer. It quotes no message of an error, which may hold addresses. */
export function upstreamProblem(integration: string, error: unknown): Problem {
  const code = failureCode(error);
  if (isOutOfFiles(code)) return overloaded();
  const upstream = `The upstream of "${integration}"`;
  if (code === 'GATEWAY_UPSTREAM_BUSY') {
    return {
      status: 503,
      code,
      title: 'Upstream busy',
      detail: `All connections to the upstream of "${integration}" are in use: try again later, or raise maxConnections`,
      retryAfterMs: 1_000,
    };
  }
  if (TIMEOUTS.has(code)) {
    return {
      status: 504,
      code: 'GATEWAY_UPSTREAM_TIMEOUT',
      title: 'Upstream timed out',
      detail: `${upstream} did not answer in time: try again, or raise its timeouts`,
    };
  }
  if (TLS_ALERT.test(code)) {
    return {
      status: 502,
      code: 'GATEWAY_UPSTREAM_TLS_REFUSED',
      title: 'TLS connection refused',
      detail: `${upstream} refused the TLS connection: check whether it wants a client certificate, and tls.cert and tls.key`,
    };
  }
  if (UNTRUSTED.test(code)) {
    return {
      status: 502,
      code: 'GATEWAY_UPSTREAM_UNTRUSTED',
      title: 'Upstream not trusted',
      detail: `${upstream} has no valid certificate and was sent nothing: renew its certificate or check its URL`,
    };
  }
  if (UNREACHABLE.has(code)) {
    return {
      status: 502,
      code: 'GATEWAY_UPSTREAM_UNREACHABLE',
      title: 'Upstream not reachable',
      detail: `${upstream} cannot be connected to: check its URL and whether it runs`,
    };
  }
  return {
    status: 502,
    code: 'GATEWAY_UPSTREAM_FAILED',
    title: 'Upstream failed',
    detail: `${upstream} broke off or gave no valid answer: look into its log`,
  };
}

/** The system's or undici's code of a failure; that of the first address if several were tried. */
export function failureCode(error: unknown): string {
  const { code, errors, cause } = error as { code?: unknown; errors?: unknown[]; cause?: unknown };
  if (typeof code === 'string' && code !== 'UND_ERR_INFO') return code;
  const inner = errors?.[0] ?? cause;
  return inner ? failureCode(inner) : 'UNKNOWN';
}

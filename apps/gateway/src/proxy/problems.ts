import { TokenCacheError, TokenSourceError, type TokenCacheErrorCode } from '@mintonce/token-cache';
import { type Problem, ProblemError } from './problem.js';

export const unknownIntegration = (): Problem => ({
  status: 404,
  code: 'TOKEN_INTEGRATION_UNKNOWN',
  title: 'Unknown integration',
  detail: 'No integration is configured under that name: check the path /proxy/<integration>/...',
});

export const invalidPath = (): Problem => ({
  status: 400,
  code: 'GATEWAY_PATH_INVALID',
  title: 'Path refused',
  detail:
    'The path holds dot segments, backslashes, control characters or bytes that are not UTF-8: send it without them',
});

export const unsupportedUpgrade = (): Problem => ({
  status: 501,
  code: 'GATEWAY_UPGRADE_UNSUPPORTED',
  title: 'Upgrade not supported',
  detail: 'The gateway forwards requests and responses, not WebSockets or other upgrades: send it without Upgrade',
});

export const unsupportedTransferCoding = (): Problem => ({
  status: 501,
  code: 'GATEWAY_TRANSFER_CODING_UNSUPPORTED',
  title: 'Transfer coding not supported',
  detail: 'The only transfer coding that is understood is chunked: send the body plain, or with Content-Encoding',
  // Another program on the way may see the end of such a body elsewhere.
  headers: { connection: 'close' },
});

export const unsupportedMethod = (allowed: readonly string[]): Problem => ({
  status: 405,
  code: 'GATEWAY_METHOD_UNSUPPORTED',
  title: 'Method not supported',
  detail: 'TRACE is refused, because it would show the credential to the caller: use a method of the Allow field',
  headers: { allow: allowed.join(', ') },
});

export const requestLoop = (): Problem => ({
  status: 508,
  code: 'GATEWAY_LOOP',
  title: 'Request in a loop',
  detail: 'The request came through the gateway several times: correct the upstream that leads back to it',
});

export const bodyTooLarge = (limitBytes: number): Problem => ({
  status: 413,
  code: 'GATEWAY_BODY_TOO_LARGE',
  title: 'Request body too large',
  detail: `The request body is longer than the limit of ${limitBytes} bytes: send less, or raise bodyLimitBytes`,
});

export const bodyTimeout = (): Problem => ({
  status: 408,
  code: 'GATEWAY_BODY_TIMEOUT',
  title: 'Request body timed out',
  detail: 'The rest of the request body did not arrive in time: send the request again',
});

export const overloaded = (): Problem => ({
  status: 503,
  code: 'GATEWAY_OVERLOADED',
  title: 'Gateway overloaded',
  detail: 'The gateway has as many connections or requests in work as its limits allow: try again later',
  retryAfterMs: 1_000,
});

/** Whether the system let this process, or all of them, open no further file or connection. */
export const isOutOfFiles = (code: unknown): boolean => code === 'EMFILE' || code === 'ENFILE';

const internal: Problem = {
  status: 500,
  code: 'GATEWAY_INTERNAL',
  title: 'Internal error',
  detail: 'The gateway failed to handle the request: look into its log',
};

const TOKEN_PROBLEMS: Record<TokenCacheErrorCode, Omit<Problem, 'code'>> = {
  TOKEN_INTEGRATION_UNKNOWN: unknownIntegration(),
  TOKEN_CONFIG_INVALID: internal,
  TOKEN_SOURCE_REJECTED: {
    status: 502,
    title: 'Credentials refused',
    detail: "The authorization server refused the gateway's credentials: check the token section of the integration",
  },
  TOKEN_SOURCE_UNAVAILABLE: {
    status: 503,
    title: 'No token available',
    detail:
      'The authorization server cannot be reached or is overloaded: try again later, after Retry-After if it is given',
  },
  TOKEN_RESPONSE_INVALID: {
    status: 502,
    title: 'No usable token',
    detail: 'The answer of the authorization server is not a usable token: check the token section of the integration',
  },
  TOKEN_LIFE_TOO_SHORT: {
    status: 502,
    title: 'No token that lives long enough',
    detail: 'The tokens of the authorization server live too short for this request: have it issue longer ones',
  },
  TOKEN_WAIT_TIMEOUT: {
    status: 504,
    title: 'No token in time',
    detail: 'No token could be obtained in time: try again',
  },
  TOKEN_STORE_UNAVAILABLE: {
    status: 503,
    title: 'Token store unavailable',
    detail:
      'The token store does not answer. Without it policy forbids a new token, and a purge reaches no other process: check the store',
  },
};

/** The problem that an error stands for, if the answer has not begun. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof TokenCacheError) {
    const retryAfterMs = error instanceof TokenSourceError ? error.retryAfterMs : undefined;
    return { ...TOKEN_PROBLEMS[error.code], code: error.code, retryAfterMs };
  }
  return isOutOfFiles((error as { code?: unknown } | undefined)?.code) ? overloaded() : internal;
}

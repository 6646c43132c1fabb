import { TokenCacheError, TokenSourceError, type TokenCacheErrorCode } from '@mintonce/token-cache';
import { type Problem, ProblemError } from './problem.js';

export const unknownIntegration = (): Problem => ({
  status: 404,
  code: 'TOKEN_INTEGRATION_UNKNOWN',
  title: 'Unknown integration',
  detail: 'No integration is configured under that name',
});

export const invalidPath = (): Problem => ({
  status: 400,
  code: 'GATEWAY_PATH_INVALID',
  title: 'Path refused',
  detail: 'The path holds dot segments, backslashes or control characters, plain or encoded',
});

export const unsupportedUpgrade = (): Problem => ({
  status: 501,
  code: 'GATEWAY_UPGRADE_UNSUPPORTED',
  title: 'Upgrade not supported',
  detail: 'The gateway forwards requests and responses, not WebSockets or other upgraded connections',
});

export const unsupportedMethod = (allowed: readonly string[]): Problem => ({
  status: 405,
  code: 'GATEWAY_METHOD_UNSUPPORTED',
  title: 'Method not supported',
  detail: 'TRACE would show the credential to the caller',
  headers: { allow: allowed.join(', ') },
});

export const bodyTooLarge = (limitBytes: number): Problem => ({
  status: 413,
  code: 'GATEWAY_BODY_TOO_LARGE',
  title: 'Request body too large',
  detail: `The request body is longer than ${limitBytes} bytes`,
});

export const bodyTimeout = (): Problem => ({
  status: 408,
  code: 'GATEWAY_BODY_TIMEOUT',
  title: 'Request body timed out',
  detail: 'The rest of the request body did not come in time',
});

const internal: Problem = {
  status: 500,
  code: 'GATEWAY_INTERNAL',
  title: 'Internal error',
  detail: 'The gateway failed to handle the request',
};

const TOKEN_PROBLEMS: Record<TokenCacheErrorCode, Omit<Problem, 'code'>> = {
  TOKEN_INTEGRATION_UNKNOWN: unknownIntegration(),
  TOKEN_CONFIG_INVALID: internal,
  TOKEN_SOURCE_REJECTED: {
    status: 502,
    title: 'Credentials refused',
    detail: "The authorization server refused the gateway's credentials",
  },
  TOKEN_SOURCE_UNAVAILABLE: {
    status: 503,
    title: 'No token available',
    detail: 'The authorization server cannot be reached or is overloaded',
  },
  TOKEN_RESPONSE_INVALID: {
    status: 502,
    title: 'No usable token',
    detail: 'The authorization server answered with something that is not a usable token',
  },
  TOKEN_WAIT_TIMEOUT: { status: 504, title: 'No token in time', detail: 'No token could be had in time' },
  TOKEN_STORE_UNAVAILABLE: {
    status: 503,
    title: 'No token available',
    detail: 'The token store does not answer, and the policy forbids to go on without it',
  },
};

/** What a caller is told of a failure before the upstream's answer began. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof TokenCacheError) {
    const retryAfterMs = error instanceof TokenSourceError ? error.retryAfterMs : undefined;
    return { ...TOKEN_PROBLEMS[error.code], code: error.code, retryAfterMs };
  }
  return internal;
}

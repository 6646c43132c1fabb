import { type Problem } from '../proxy/problem.js';

/** Nobody is known by the credential, or there is none. `error` as in RFC 6750 section 3.1. */
export const unknownCaller = (error?: 'invalid_token'): Problem => ({
  status: 401,
  code: 'GATEWAY_CALLER_UNKNOWN',
  title: 'Caller not known',
  detail: error
    ? 'Nobody is known by the credential: check the key or token, and that the field is sent once'
    : 'The gateway must know who calls: send a key or token as "Authorization: Bearer", or a key as X-Api-Key',
  headers: { 'www-authenticate': `Bearer realm="mintonce"${error ? `, error="${error}"` : ''}` },
});

/** The same for what is not granted and for what does not exist, so that a caller learns of no integration of others. */
export const forbiddenToCaller = (): Problem => ({
  status: 403,
  code: 'GATEWAY_CALLER_FORBIDDEN',
  title: 'Not granted to the caller',
  detail: 'Nothing of this integration, method and path is granted to the caller: ask for it in access',
});

/** The operations door serves no callers. */
export const notAtThisDoor = (): Problem => ({
  status: 404,
  code: 'GATEWAY_HTTP_404',
  title: 'No such route',
  detail: 'This door serves health, metrics and the API alone: call the door for callers',
});

/** Whether the token is good cannot be known now. */
export const issuerUnavailable = (): Problem => ({
  status: 503,
  code: 'GATEWAY_ISSUER_UNAVAILABLE',
  title: 'Caller cannot be checked',
  detail: "The issuer of the caller's token gives no keys to check it with: try again later",
  retryAfterMs: 5_000,
});

/** The caller asks for more than its limits allow. */
export const limitedCaller = (retryAfterMs: number): Problem => ({
  status: 429,
  code: 'GATEWAY_CALLER_LIMITED',
  title: 'Too many requests of the caller',
  detail: 'The caller sends more requests than its limits allow: send fewer, or raise limits',
  retryAfterMs,
});

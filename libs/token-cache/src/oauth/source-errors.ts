import {
  TokenCacheError,
  TokenResponseInvalidError,
  TokenSourceRejectedError,
  TokenSourceUnavailableError,
} from '../core/contract/token-cache.errors.js';
import { type AnswerFields, readFields } from './answer-body.js';
import { errorCodeOf } from './error-code.js';
import { type ClientAuthMethod } from './oauth-client.options.js';
import { retryAfterMs } from './retry-after.js';

/** Statuses below 500 that may pass without a change of the request: 408 Timeout, 425 Too Early, 429 Too Many Requests. */
const PASSING_STATUSES = [408, 425, 429];

/** Error codes that may pass. RFC 6749 section 4.1.2.1 defines the first two; providers that answer with 200 send the others. */
const PASSING_ERRORS = [
  'temporarily_unavailable',
  'server_error',
  'slow_down',
  'ratelimited',
  'rate_limited',
  'rate_limit_exceeded',
  'too_many_requests',
  'service_unavailable',
  'internal_error',
  'request_timeout',
];

/** What to do about an error code (RFC 6749 section 5.2, RFC 8707 section 2). */
const REMEDIES: Readonly<Record<string, string>> = {
  invalid_client: 'check clientId, clientSecret and clientAuth',
  unauthorized_client: 'allow this client the grant at the authorization server',
  unsupported_grant_type: 'enable the grant at the authorization server',
  invalid_scope: 'check the scope, and which scopes this client may ask for',
  invalid_target: 'check the audience and the resource',
};

/** What else may be wrong with a login that was refused: servers disagree on the encoding of HTTP Basic. */
const OTHER_LOGINS: Partial<Record<ClientAuthMethod, string>> = {
  client_secret_basic:
    '. clientAuth client_secret_basic encodes special characters as RFC 6749 says; client_secret_basic_raw sends them as they are',
  client_secret_basic_raw:
    '. clientAuth client_secret_basic_raw sends special characters as they are; client_secret_basic encodes them as RFC 6749 says',
  tls_client_auth:
    '. clientAuth tls_client_auth logs in with the certificate of fetch: the server must know it as that of clientId',
};

/** What to do about an exchange that failed on its way. */
const CHECK_CONNECTION = "check the server's URL and certificate, the proxy and the network";

/**
 * Runs one exchange with the server at `where`.
 *
 * @param remedy what to do when it fails, for the message
 * @throws TokenCacheError as it is, and any other error as a `TokenSourceUnavailableError`
 */
export async function reaching<T>(
  where: string,
  signal: AbortSignal,
  exchange: () => Promise<T>,
  remedy = CHECK_CONNECTION,
): Promise<T> {
  try {
    return await exchange();
  } catch (error) {
    if (error instanceof TokenCacheError) throw error;
    const problem = signal.aborted ? 'did not answer in time' : `failed with ${reasonOf(error)}`;
    // Without `cause`: errors of an HTTP parser quote the bytes that it could not parse, which may hold a secret.
    // The network, the resolver and the trusted certificates of this host may be the fault.
    throw new TokenSourceUnavailableError(`${where} ${problem}: ${remedy}`, { binds: 'process' });
  }
}

/** What a server refused with. */
interface Refusal {
  readonly status: number;
  readonly headers: Headers;
  readonly fields?: AnswerFields | undefined;
  /** How the client had logged in, if it had. */
  readonly clientAuth?: ClientAuthMethod | undefined;
}

/**
 * Throws the error that an answer without success stands for.
 *
 * @throws TokenSourceRejectedError on a refusal (4xx)
 * @throws TokenSourceUnavailableError on a failure that may pass
 * @throws TokenResponseInvalidError on a redirect or another success
 */
export async function refuse(where: string, response: Response, clientAuth?: ClientAuthMethod): Promise<never> {
  const { status, headers } = response;
  const fields = await readFields(response).catch(() => undefined);
  if (status >= 400) return refuseFields(where, { status, headers, fields, clientAuth });
  throw new TokenResponseInvalidError(
    `${where} answered ${status} in place of 200: give the final URL, redirects are not followed`,
    { oauthError: errorCodeOf(fields), retryAfterMs: retryAfterMs(response) },
  );
}

/** The same for an answer that says in its body that it is an error. The message quotes the error code only. */
export function refuseFields(where: string, { status, headers, fields, clientAuth }: Refusal): never {
  const oauthError = errorCodeOf(fields);
  const known = { oauthError, retryAfterMs: retryAfterMs({ status, headers }) };
  const message = [where, 'answered', status, oauthError].filter(Boolean).join(' ');
  if (mayPass(status, known)) {
    const isThrottled = status === 429;
    throw new TokenSourceUnavailableError(message, isThrottled ? { ...known, binds: 'provider' } : known);
  }
  const isLogin = clientAuth && (status === 401 || oauthError === 'invalid_client');
  const remedy =
    REMEDIES[oauthError ?? (isLogin ? 'invalid_client' : '')] ?? 'look into the log of the authorization server';
  throw new TokenSourceRejectedError(`${message}: ${remedy}${(isLogin && OTHER_LOGINS[clientAuth]) || ''}`, known);
}

/** A server that says when to come back will say something else then, unless it names what is wrong with this client. */
function mayPass(
  status: number,
  known: { oauthError?: string | undefined; retryAfterMs?: number | undefined },
): boolean {
  const { oauthError = '', retryAfterMs: isTimed } = known;
  if (status >= 500 || PASSING_STATUSES.includes(status) || PASSING_ERRORS.includes(oauthError)) return true;
  return isTimed !== undefined && !(oauthError in REMEDIES);
}

/** Code or name of an error; its message may quote a secret. Codes that are numbers, as undici and the DOM have them, say nothing. */
export function reasonOf(error: unknown): string {
  const { code, cause, name } = Object(error) as NodeJS.ErrnoException;
  if (typeof code === 'string' && code !== '') return code;
  return cause ? reasonOf(cause) : (name ?? 'unknown error');
}

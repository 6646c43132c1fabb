import {
  TokenCacheError,
  TokenResponseInvalidError,
  TokenSourceRejectedError,
  TokenSourceUnavailableError,
} from '../core/contract/token-cache.errors.js';
import { readJsonObject } from './bounded-body.js';
import { retryAfterMs } from './retry-after.js';

/** Statuses below 500 that may pass without a change of the request: 408 Timeout, 425 Too Early, 429 Too Many Requests. */
const PASSING_STATUSES = [408, 425, 429];

/** Error codes that may pass. RFC 6749 section 4.1.2.1 defines them; token endpoints send them too. */
const PASSING_ERRORS = ['temporarily_unavailable', 'server_error'];

/** What to do about an error code (RFC 6749 section 5.2, RFC 8707 section 2). */
const REMEDIES: Readonly<Record<string, string>> = {
  invalid_client: 'check clientId, clientSecret and clientAuth',
  unauthorized_client: 'allow this client the grant at the authorization server',
  unsupported_grant_type: 'enable the grant at the authorization server',
  invalid_scope: 'check the scope, and which scopes this client may ask for',
  invalid_target: 'check the audience and the resource',
};

/** What to do about an exchange that failed on its way. */
export const CHECK_CONNECTION = "check the server's URL and certificate, and the network";

/**
 * Runs one exchange with the server at `where`.
 *
 * @param remedy what to do when it fails, for the message
 * @throws TokenCacheError as it is, and any other error as a `TokenSourceUnavailableError`
 */
export async function reaching<T>(
  where: string,
  remedy: string,
  signal: AbortSignal,
  exchange: () => Promise<T>,
): Promise<T> {
  try {
    return await exchange();
  } catch (error) {
    if (error instanceof TokenCacheError) throw error;
    const problem = signal.aborted ? 'did not answer in time' : `failed with ${reasonOf(error)}`;
    // Without `cause`: errors of an HTTP parser quote the bytes that it could not parse, which may hold a secret.
    throw new TokenSourceUnavailableError(`${where} ${problem}: ${remedy}`);
  }
}

/**
 * Throws the error that an answer other than 200 stands for. The message quotes the error code only: the rest of the answer may
 * echo secrets.
 *
 * @throws TokenSourceRejectedError on a refusal (4xx)
 * @throws TokenSourceUnavailableError on a failure that may pass
 * @throws TokenResponseInvalidError on a redirect or another success
 */
export async function refuse(where: string, response: Response): Promise<never> {
  const { status, headers } = response;
  const oauthError = oauthErrorOf(await readJsonObject(response).catch(() => undefined));
  const message = [where, 'answered', status, oauthError].filter(Boolean).join(' ');
  const remedy = REMEDIES[oauthError ?? ''] ?? 'look into the log of the authorization server';
  if (status < 400) {
    throw new TokenResponseInvalidError(`${message} in place of 200: give the final URL, redirects are not followed`);
  }
  if (!isPassing(status, oauthError)) throw new TokenSourceRejectedError(`${message}: ${remedy}`, { oauthError });
  throw new TokenSourceUnavailableError(message, { oauthError, retryAfterMs: retryAfterMs(headers) });
}

/** `error` of a body (RFC 6749 section 5.2) if it is a code; a sentence may quote a secret. */
export function oauthErrorOf(body: Record<string, unknown> | undefined): string | undefined {
  return typeof body?.error === 'string' && /^[\w.:/-]{1,64}$/.test(body.error) ? body.error : undefined;
}

/** Code or name of an error; its message may quote a secret. */
function reasonOf(error: unknown): string {
  const { code, cause, name } = Object(error) as NodeJS.ErrnoException;
  return code ?? (cause ? reasonOf(cause) : (name ?? 'unknown error'));
}

function isPassing(status: number, oauthError = ''): boolean {
  return status >= 500 || PASSING_STATUSES.includes(status) || PASSING_ERRORS.includes(oauthError);
}

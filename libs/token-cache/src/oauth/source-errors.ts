import {
  TokenCacheError,
  TokenResponseInvalidError,
  TokenSourceRejectedError,
  TokenSourceUnavailableError,
} from '../core/contract/token-cache.errors.js';
import { readJsonObject } from './bounded-body.js';
import { retryAfterMs } from './retry-after.js';

/** Statuses below 500 that say nothing about the request itself: timeout, too early, too many. */
const PASSING_STATUSES = [408, 425, 429];

/** RFC 6749 section 4.1.2.1 defines them, and token endpoints send them too. */
const PASSING_ERRORS = ['temporarily_unavailable', 'server_error'];

/** Runs one exchange with the server at `where`; whatever it fails with becomes an error of the library. */
export async function reaching<T>(where: string, signal: AbortSignal, exchange: () => Promise<T>): Promise<T> {
  try {
    return await exchange();
  } catch (error) {
    if (error instanceof TokenCacheError) throw error;
    // No `cause`: the errors of an HTTP parser quote what they could not read.
    throw new TokenSourceUnavailableError(
      `${where} ${signal.aborted ? 'did not answer in time' : `failed: ${reasonOf(error)}`}`,
    );
  }
}

/** Throws what an answer other than 200 stands for. Nothing of it is quoted but the error code: the rest may echo secrets. */
export async function refuse(where: string, response: Response): Promise<never> {
  const { status, headers } = response;
  const oauthError = oauthErrorOf(await readJsonObject(response).catch(() => undefined));
  const message = [where, 'answered', status, oauthError].filter(Boolean).join(' ');
  if (status < 400) throw new TokenResponseInvalidError(`${message} instead of 200; redirects are not followed`);
  if (!isPassing(status, oauthError)) throw new TokenSourceRejectedError(message, { oauthError });
  throw new TokenSourceUnavailableError(message, { oauthError, retryAfterMs: retryAfterMs(headers) });
}

/** `error` of a body (RFC 6749 section 5.2) if it reads as a code and not as a sentence. */
export function oauthErrorOf(body: Record<string, unknown> | undefined): string | undefined {
  return typeof body?.error === 'string' && /^[\w.:/-]{1,64}$/.test(body.error) ? body.error : undefined;
}

/** What a failure is called, without its message. */
function reasonOf(error: unknown): string {
  const { code, cause, name } = Object(error) as NodeJS.ErrnoException;
  return code ?? (cause ? reasonOf(cause) : (name ?? 'unknown error'));
}

function isPassing(status: number, oauthError = ''): boolean {
  return status >= 500 || PASSING_STATUSES.includes(status) || PASSING_ERRORS.includes(oauthError);
}

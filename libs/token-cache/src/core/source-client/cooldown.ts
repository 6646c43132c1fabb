import { type CooldownPolicy } from '../config/policy.js';
import {
  type FailureBinds,
  type TokenSourceError,
  TokenResponseInvalidError,
  TokenSourceRejectedError,
  TokenSourceUnavailableError,
} from '../contract/token-cache.errors.js';
import { type Cooldown } from '../contract/token-store.js';

/** Even with the luckiest jitter a failing source is left alone for a moment. */
const LEAST_COOLDOWN_MS = 100;

const ERRORS = {
  TOKEN_SOURCE_REJECTED: TokenSourceRejectedError,
  TOKEN_SOURCE_UNAVAILABLE: TokenSourceUnavailableError,
  TOKEN_RESPONSE_INVALID: TokenResponseInvalidError,
} as const;

/** How long to leave a source alone after this failure; `failures` counts those in a row before it. */
export function cooldownMs(
  error: TokenSourceError,
  failures: number,
  policy: CooldownPolicy,
  random: () => number,
): number {
  const { retryAfterMs = 0 } = error;
  if (retryAfterMs > 0) return Math.ceil(Math.min(retryAfterMs, policy.retryAfterMaxMs));
  if (error instanceof TokenSourceRejectedError) return policy.rejectedMs;
  const ceiling = Math.min(policy.transientMaxMs, policy.transientMs * 2 ** failures);
  return Math.ceil(Math.max(LEAST_COOLDOWN_MS, ceiling * random()));
}

/** Refusals (RFC 6749 section 5.2, RFC 8707 section 2) of what was asked for, which is the same in every process. */
const REFUSED_REQUESTS = ['invalid_request', 'invalid_scope', 'invalid_target', 'unsupported_grant_type'];

/**
 * Who leaves the source alone after this failure, unless the source says so itself. An answer of the provider concerns everybody
 * who asks the same, as every process does: 5xx, and answers that make no sense. Refused credentials may be those of this process
 * alone, whose secret is out of date. `Retry-After` concerns all that a client asks of the provider.
 */
export function bindingOf(error: TokenSourceError): FailureBinds {
  const { binds, retryAfterMs = 0, oauthError } = error;
  if (binds) return binds;
  if (retryAfterMs > 0) return 'provider';
  return error instanceof TokenSourceRejectedError && !REFUSED_REQUESTS.some((code) => code === oauthError)
    ? 'process'
    : 'fleet';
}

/**
 * The failure as other processes will see it, and as its own callers do from now on.
 *
 * @param process the one that failed, which is named if the failure binds it alone
 */
export function rememberedFailure(error: TokenSourceError, remainingMs: number, process?: string): Cooldown {
  const { code, message, oauthError } = error as TokenSourceError & { code: keyof typeof ERRORS };
  const remembered = { remainingMs, error: JSON.stringify({ code, message, oauthError }) };
  return bindingOf(error) === 'process' ? { ...remembered, process } : remembered;
}

/** The error of a remembered failure, with the code of the process that failed. */
export function errorOf({ remainingMs, error }: Cooldown, integration: string): TokenSourceError {
  const retry = { retryAfterMs: remainingMs };
  try {
    const { code, message, oauthError } = JSON.parse(error) as {
      code: keyof typeof ERRORS;
      message: string;
      oauthError?: string;
    };
    return new ERRORS[code](message, { ...retry, oauthError });
  } catch {
    return new TokenSourceUnavailableError(
      `The source of "${integration}" failed a moment ago; it is asked again after retryAfterMs`,
      retry,
    );
  }
}

/** The error as its callers see it: a copy, since the source may throw one object again and again. */
export function cooledDown(error: TokenSourceError, remainingMs: number): TokenSourceError {
  const { code, message, oauthError, cause } = error as TokenSourceError & { code: keyof typeof ERRORS };
  return new ERRORS[code](message, { cause, retryAfterMs: remainingMs, oauthError, binds: bindingOf(error) });
}

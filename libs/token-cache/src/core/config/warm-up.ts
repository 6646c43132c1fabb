import { checkDuration } from './policy.js';
import { TokenConfigError } from '../contract/token-cache.errors.js';
import { type TokenRequest } from '../contract/token-request.js';

/** Less than process managers wait for a worker to be ready. */
const DEFAULT_TIMEOUT_MS = 5_000;

/**
 * The requests to warm up; what they hold is checked as that of any request.
 *
 * @throws TokenConfigError naming the field
 */
export function resolveWarmUp(field: string, warmUp: unknown = false): readonly TokenRequest[] {
  if (typeof warmUp === 'boolean') return warmUp ? [{}] : [];
  if (!Array.isArray(warmUp)) throw new TokenConfigError(field, 'must be true, false, or a list of requests');
  return [...(warmUp as TokenRequest[])];
}

/** @throws TokenConfigError naming the field */
export function resolveWarmUpTimeout(timeoutMs = DEFAULT_TIMEOUT_MS): number {
  checkDuration('warmUpTimeoutMs', timeoutMs, 0);
  return timeoutMs;
}

import { TokenResponseInvalidError } from '../contract/token-cache.errors.js';

/**
 * A token that ended by the wall clock alone while it was on its way to the store: the machine slept or its clock was set, so
 * that another look at the store helps, and no caller need hear of it.
 */
export class EndedAsleepError extends TokenResponseInvalidError {
  /** What callers see where another look did not help. */
  override get name(): string {
    return TokenResponseInvalidError.name;
  }
}

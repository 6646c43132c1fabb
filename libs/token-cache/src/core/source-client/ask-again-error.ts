import { TokenResponseInvalidError, type TokenSourceErrorOptions } from '../contract/token-cache.errors.js';

/** A token that is over for a reason that passes: asking once more helps, and no caller need hear of it. */
export class AskAgainError extends TokenResponseInvalidError {
  constructor(
    message: string,
    /** How long the source is left alone before. */
    readonly afterMs: number,
    options?: TokenSourceErrorOptions,
  ) {
    super(message, options);
  }

  /** What callers see where asking again did not help. */
  override get name(): string {
    return TokenResponseInvalidError.name;
  }
}

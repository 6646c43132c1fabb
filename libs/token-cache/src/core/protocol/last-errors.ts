import { TokenCacheError, type TokenCacheErrorCode, TokenLifeTooShortError } from '../contract/token-cache.errors.js';
import { recentlyUsed } from '../contract/recently-used.js';

/** How the last work on each key failed, until work on it succeeds. */
export class LastErrors {
  private readonly codes = recentlyUsed<TokenCacheErrorCode>();

  of(keyId: string): TokenCacheErrorCode | undefined {
    return this.codes.get(keyId);
  }

  /** Remembers how the work ends, and passes it on. */
  async record<T>(keyId: string, work: Promise<T>): Promise<T> {
    try {
      const result = await work;
      this.codes.delete(keyId);
      return result;
    } catch (error) {
      // A caller that asks for too much says nothing of the key.
      const isFailure = error instanceof TokenCacheError && !(error instanceof TokenLifeTooShortError);
      if (isFailure) this.codes.set(keyId, error.code);
      throw error;
    }
  }
}

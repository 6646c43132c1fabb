import { type TokenCacheErrorCode } from './token-cache.errors.js';

/** What is known of an integration's token without minting one. */
export interface IntegrationStatus {
  /** Its name in the options. */
  readonly integration: string;
  /**
   * `valid`: a token is in hand or shared; `missing`: the next caller mints; `cooling`: the source failed and callers get
   * its error; `unknown`: the store does not answer and this process holds no token.
   */
  readonly state: 'valid' | 'missing' | 'cooling' | 'unknown';
  /** Epoch ms, as the source said. */
  readonly expiresAt?: number;
  /** That of the token, which rises with every token of the same key; unset without one. */
  readonly generation?: number;
  /** How long the source is left alone, by the whole fleet or by the process that failed. */
  readonly coolingMs?: number;
  /** The last failure of this integration that this process saw; cleared by the next success. */
  readonly lastErrorCode?: TokenCacheErrorCode;
}

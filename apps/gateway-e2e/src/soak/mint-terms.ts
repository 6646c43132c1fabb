/** Everything that may cost a mint besides the end of a life: the terms of the bound, each one counted. */
export interface MintTerms {
  readonly failed: number;
  /** Mints whose lease another took over meanwhile, or that were voided. */
  readonly superseded: number;
  /** Mints that the store could not be told of. */
  readonly local: number;
  /** Rejections that were granted: tokens that were replaced, and contested ones that were refreshed early. */
  readonly replacements: number;
  readonly purges: number;
  /** Answers that brought nothing newer: the provider repeated its token. */
  readonly repeats: number;
  /** Leases that died with their worker. */
  readonly kills: number;
  /** Leases and tokens that the store lost. */
  readonly historiesLost: number;
}

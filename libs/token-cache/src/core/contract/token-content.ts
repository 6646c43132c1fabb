import { type Moment } from './moment.js';

/** What processes tell each other of a token. */
export interface TokenContent {
  readonly accessToken: string;
  readonly tokenType: string;
  readonly scope?: string;
  /** Epoch ms, as the source said. */
  readonly expiresAt: number;
  /** How long before hard expiry it is refreshed; jitter included, so that all processes agree. */
  readonly refreshWindowMs: number;
  /** For how long it could be used when it was minted; unset where a process of an older version did that. */
  readonly lifeMs?: number | undefined;
}

/** A token and how long it may be used. */
export interface FreshToken {
  readonly content: TokenContent;
  /** Hard expiry. */
  readonly ends: Moment;
}

/** A token that was in hand before, and its hard expiry: its source may give it again. */
export interface FormerToken {
  readonly accessToken: string;
  readonly ends: Moment;
}

import { type Counters } from './counters.js';

/** The name of the one integration. */
export const INTEGRATION = 'billing';

/** A side of the story: where its workers keep tokens, and the client that they are at the identity provider. */
export interface Side {
  readonly name: 'own' | 'shared';
  readonly clientId: string;
  readonly clientAuth: 'client_secret_basic' | 'client_secret_post';
  /** The SQLite file that its workers share; each has a store of its own in memory without it. */
  readonly path?: string;
}

/** What a worker is started with. */
export interface WorkerSettings {
  readonly side: Side;
  readonly issuer: string;
  readonly clientSecret: string;
  /** Time from one call to the next. */
  readonly everyMs: number;
}

/** From the story to a worker. */
export type Order = 'go' | 'rest';

/** From a worker to the story. */
export type Report =
  | { readonly is: 'ready' }
  | { readonly is: 'counted'; readonly counters: Counters; readonly failed: number };

import { type TokenCacheOptions } from '@mintonce/token-cache';

/** What the module is given besides its store and its source. */
export type ModuleOptions = Pick<TokenCacheOptions, Exclude<keyof TokenCacheOptions, 'store' | 'integrations'>>;

/** Where a worker's tokens are shared. */
export type StoreSettings =
  | { kind: 'redis'; port: number; password?: string }
  | { kind: 'sentinel'; ports: readonly number[]; name: string }
  | { kind: 'cluster'; ports: readonly number[] }
  | { kind: 'sqlite'; path: string };

/** What a worker is started with. */
export interface WorkerSettings {
  readonly name: string;
  /** The unix socket of the fleet that it obeys. */
  readonly socketPath: string;
  readonly store: StoreSettings;
  readonly tokenEndpoint: string;
  readonly clientSecret: string;
  readonly options: ModuleOptions;
}

/** What the fleet asks of a worker; each is answered by `done` with its result. */
export type Command =
  /** `count` callers at once; done when all are answered. */
  | { do: 'burst'; key: string; count: number }
  /** One caller every `everyMs`, until `rest`. */
  | { do: 'load'; key: string; everyMs: number }
  /** No more load; done when every caller is answered. */
  | { do: 'rest' }
  /** One caller who leaves after `afterMs`. */
  | { do: 'leave'; key: string; afterMs: number }
  /** A 401 came for the token that this worker was given last; the result tells whether it was the shared one. */
  | { do: 'invalidate'; key: string; times: number }
  | { do: 'purge'; key: string }
  /** Sets this process' wall clock so far ahead of the machine's. */
  | { do: 'skew'; ms: number }
  | { do: 'report' };

/** The result of `report`. */
export interface Report {
  readonly inFlight: number;
  readonly storeAvailable: boolean;
  /** When the store last answered what was asked for a caller; monotonic. */
  readonly acquiredAt: number;
  /** By the wall clock of the worker, in epoch ms. */
  readonly wallClockAt: number;
  /** All that the event loop was held up since the process started. */
  readonly heldUpMs: number;
}

/** One caller's experience. */
export interface Answer {
  readonly key: string;
  readonly askedAt: number;
  readonly answeredAt: number;
  /** A digest of the token, which itself stays where it is. */
  readonly token?: string;
  readonly generation?: number;
  readonly error?: { readonly code: string; readonly message: string };
}

/** What a worker's observer saw; `name` is that of the metric. */
export interface Observation {
  readonly name: 'minted' | 'leaseLost' | 'superseded' | 'rejected' | 'refreshFailed' | 'storeFailed' | 'unreadable';
  readonly at: number;
  /** When the mint of it began. */
  readonly begunAt?: number;
  readonly outcome?: string;
  readonly reason?: string;
}

/** A token that this worker was told to give up. */
export interface Rejection {
  readonly key: string;
  readonly token: string;
  readonly at: number;
}

/** What a worker sends to the fleet. */
export type Message =
  | { type: 'hello'; name: string; pid: number }
  | { type: 'answers'; answers: readonly Answer[] }
  | { type: 'observed'; observation: Observation }
  | { type: 'rejected'; rejection: Rejection }
  /** A digest of a token that this worker minted without a lease. */
  | { type: 'mintedAlone'; token: string }
  | { type: 'done'; id: number; result?: unknown; error?: string };

export type Request = Command & { id: number };

import { type TokenStore } from '../../core/contract/token-store.js';

/** The parts of a key that can be lost independently. */
export type Part = 'token' | 'record' | 'everything';

/** A store under test, for one history of one key: its processes, its clock and its losses. */
export interface StoreSystem {
  readonly keyId: string;
  readonly processes: readonly TokenStore[];
  /** Moves the clock of the store, forward or back, and nothing else. */
  moveClock(ms: number): Promise<void>;
  /** Deletes a part of the key, as an eviction or a failover does. */
  lose(part: Part): Promise<void>;
  /** What the store still holds of this history, with the remaining life of each. */
  kept(): Promise<readonly { readonly name: string; readonly ttlMs: number }[]>;
  dispose(): Promise<void>;
}

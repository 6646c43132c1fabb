import { type TokenStore } from '../../core/contract/token-store.js';

/** What can be lost of a key by itself. */
export type Part = 'token' | 'record' | 'everything';

/** A store under test, for one history of one key: what several processes see of it, and what happens to it. */
export interface StoreSystem {
  readonly keyId: string;
  readonly processes: readonly TokenStore[];
  /** Moves the clock of the store, forward or back, and nothing else. */
  moveClock(ms: number): Promise<void>;
  /** Takes a part of the key away, as an eviction or a failover does. */
  lose(part: Part): Promise<void>;
  /** Everything that is left of this history, with the time that the store keeps it for. */
  kept(): Promise<readonly { readonly name: string; readonly ttlMs: number }[]>;
  dispose(): Promise<void>;
}

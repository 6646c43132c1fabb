import { type TokenStore } from '../../core/contract/token-store.js';

/** The parts of a key that can be lost independently. */
export type Part = 'token' | 'record' | 'everything';

/** By the name of the part: the time that it is kept for. */
export type Kept = Readonly<Record<string, number>>;

/** A store under test, for one history of one key: its processes, its clock and its losses. */
export interface StoreSystem {
  /** It names a group. */
  readonly keyId: string;
  readonly group: string;
  readonly processes: readonly TokenStore[];
  /** Moves the clock of the store, forward or back, and nothing else. */
  moveClock(ms: number): Promise<void>;
  /** Deletes a part of the key, as an eviction or a failover does. */
  lose(part: Part): Promise<void>;
  /**
   * For how many ms the store keeps what is left of this history. The token is named where it is kept apart from the record.
   * A store that forgets in memory cannot tell.
   */
  kept?(): Promise<Kept>;
  /** Whether the store still has the key so many ms from now. Ends the history. */
  isKeptAfter?(ms: number): Promise<boolean>;
  dispose(): Promise<void>;
}

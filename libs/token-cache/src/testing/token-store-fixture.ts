import { type TokenStore } from '../core/contract/token-store.js';

/** What one test of the contract works on. */
export interface TokenStoreFixture {
  /** Another process: a store over the same data as every other one of this fixture. The suite closes it. */
  open(): TokenStore | Promise<TokenStore>;
  /** Releases what the fixture itself made, after the stores were closed. */
  dispose?(): void | Promise<void>;
}

import { type TokenKey } from '../config/token-key.js';
import { type Demand } from '../in-hand/demand.js';
import { type KeyWatch } from '../store-client/key-watch.js';

/** One caller's way through the protocol, round by round. */
export interface Way {
  readonly key: TokenKey;
  readonly watch: KeyWatch;
  readonly demand: Demand;
  /** The generation of a shared token that turned out to be of no use, or ends too soon: the next round asks for another. */
  uselessGeneration?: number;
  waitedSince?: number;
  /** A token was over or too short since the machine slept or its clock was set: the next round may give a better one. */
  hasSlept?: boolean;
  /** The caller has been served while a call of the store is still under way, whose answer nobody needs. */
  isServed?: boolean;
}

/** The generation of a shared token that does not serve. */
export function refusedBy({ uselessGeneration, demand: { refusedGeneration } }: Way): number | undefined {
  return uselessGeneration ?? refusedGeneration;
}

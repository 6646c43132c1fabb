import { type Fault } from './fault.js';
/** What upstreams hold against tokens that are good. */
export declare const UPSTREAM_FAULTS: readonly Fault[];

import { type HitLayer, type MintOutcome, type RejectionOutcome } from './token-observer.js';
import { type MintReason } from './token-store.js';

/** The values of labels that are known beforehand, so that each counter can begin at zero. */
export const HIT_LAYERS: readonly HitLayer[] = ['near', 'shared', 'waited'];
export const MINT_OUTCOMES: readonly MintOutcome[] = ['stored', 'superseded', 'local', 'failed'];
export const MINT_REASONS: readonly MintReason[] = ['miss', 'refresh', 'invalidated'];
export const REJECTION_OUTCOMES: readonly RejectionOutcome[] = ['replaced', 'held', 'stale', 'contested', 'excused'];

/** Bounds of histograms in seconds, from a store on the same host to one near its timeout. */
export const STORE_SECONDS: readonly number[] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
/** Bounds of histograms in seconds, from an identity provider on the same network to one near its timeout. */
export const MINT_SECONDS: readonly number[] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

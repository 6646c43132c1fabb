import { type ObservedWork } from './observed-work.js';
import { type TokenSourceError, type TokenStoreUnavailableError } from './token-cache.errors.js';
import { type MintReason, type RejectionVerdict } from './token-store.js';

/** Where a token came from: the hand of this process, the store, or a wait for another caller or process. */
export type HitLayer = 'near' | 'shared' | 'waited';

/** How a caller got a token: as with `HitLayer`, or from the mint that its call began. */
export type GetOutcome = HitLayer | 'minted';

/** What came of a mint: shared, given up as overtaken or void, kept by this process for now, or no token. */
export type MintOutcome = 'stored' | 'superseded' | 'local' | 'failed';

/**
 * What became of a refusal. Besides the verdicts of the store, `excused`: the upstream named another fault than the token,
 * or the token was so new that it is sent once more before its refusal counts.
 */
export type RejectionOutcome = RejectionVerdict | 'excused';

/** A method of the store that is measured. */
export type StoreOperation =
  | 'peek'
  | 'acquire'
  | 'renew'
  | 'commit'
  | 'offer'
  | 'fail'
  | 'invalidate'
  | 'purge'
  | 'purgeGroup'
  | 'ping';

/** Port: what happens in the cache, for metrics and traces. Every method does nothing unless overridden; what it throws is told once. */
export abstract class TokenObserver {
  /** A caller is about to be served who cannot be given the token in hand; it may begin a mint, or wait for one. */
  getting(_integration: string): ObservedWork<GetOutcome> | undefined {
    return undefined;
  }
  /** A mint begins, for a caller (within `getting`) or behind the callers' backs. `minted` counts each request of it to the source. */
  minting(_integration: string, _reason: MintReason): ObservedWork<MintOutcome> | undefined {
    return undefined;
  }
  /** A caller was given a token without a mint of its own. */
  hit(_integration: string, _layer: HitLayer): void {}
  /** Any other caller: it was served by the mint that its call began, or was given no token. */
  miss(_integration: string): void {}
  /** The source was asked once. */
  minted(_integration: string, _mint: { outcome: MintOutcome; reason: MintReason; durationMs: number }): void {}
  /** This process holds a token that expires at `expiresAt`, epoch ms. */
  learned(_integration: string, _expiresAt: number): void {}
  /** A flight waited for another process. */
  waited(_integration: string, _durationMs: number): void {}
  /** The store was asked once; a call that was not made because the store is taken for down counts as failed. */
  storeCalled(_operation: StoreOperation, _durationMs: number, _failed: boolean): void {}
  /** Why a call of the store failed; its own error is the cause. `storeCalled` counts the call. */
  storeFailed(_operation: StoreOperation, _error: TokenStoreUnavailableError): void {}
  /** Why a mint failed, and in `retryAfterMs` for how long the source is left alone. `minted` counts the mint. */
  mintFailed(_integration: string, _error: TokenSourceError): void {}
  /** A lease was no longer ours when we renewed it. */
  leaseLost(_integration: string): void {}
  /** A background refresh failed; callers still have the valid token. */
  refreshFailed(_integration: string, _code: string): void {}
  /** An upstream refused a token, and this became of it. */
  rejected(_integration: string, _outcome: RejectionOutcome): void {}
  /** A commit came after a newer fence, or after a purge or a rejection. */
  superseded(_integration: string): void {}
  /** A payload in the store could not be opened or read; it counts as a miss. */
  unreadable(_integration: string): void {}
}

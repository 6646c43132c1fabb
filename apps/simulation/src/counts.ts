import {
  type MintOutcome,
  type RejectionOutcome,
  type StoreOperation,
  type TokenObserver,
} from '@mintonce/token-cache';
import { type Library } from './library.js';

/** What one process says of itself through the library's own observer port. */
export interface Counts {
  hits: number;
  misses: number;
  minted: Record<MintOutcome, number>;
  leasesLost: number;
  /** Commits without an answer, whose token the process keeps and commits again. */
  unanswered: number;
  rejected: Record<RejectionOutcome, number>;
}

export function noCounts(): Counts {
  const minted = { stored: 0, superseded: 0, local: 0, failed: 0 };
  const rejected = { replaced: 0, contested: 0, held: 0, stale: 0, excused: 0 };
  return { hits: 0, misses: 0, minted, leasesLost: 0, unanswered: 0, rejected };
}

/** An observer that counts. */
export function counting(library: Library, counts: Counts): TokenObserver {
  class Counter extends library.TokenObserver {
    override hit(): void {
      counts.hits++;
    }

    override miss(): void {
      counts.misses++;
    }

    override minted(_integration: string, { outcome }: { outcome: MintOutcome }): void {
      counts.minted[outcome]++;
    }

    override leaseLost(): void {
      counts.leasesLost++;
    }

    override storeCalled(operation: StoreOperation, _durationMs: number, failed: boolean): void {
      if (operation === 'commit' && failed) counts.unanswered++;
    }

    override rejected(_integration: string, outcome: RejectionOutcome): void {
      counts.rejected[outcome]++;
    }
  }
  return new Counter();
}

export function mintsOf({ minted }: Counts): number {
  return minted.stored + minted.superseded + minted.local + minted.failed;
}

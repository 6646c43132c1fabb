import { type ServerResponse } from 'node:http';
import { type TokenState } from './issued-tokens.js';

/** What the upstream has counted since its start or `reset`. */
export interface UpstreamStatistics {
  /** Requests answered or broken off. */
  requests: number;
  /** Requests by the status of their answer. */
  byStatus: Record<string, number>;
  /** Answers that were not received in full, because the client left. */
  cutShort: number;
  /** Requests with an expired token. */
  expiredSeen: number;
  /** Short digests of all tokens that were received. */
  credentials: string[];
}

/** Counts the requests of the upstream. */
export class UpstreamStats {
  private statistics = empty();
  private readonly digests = new Set<string>();

  saw(digest: string, state: TokenState): void {
    this.digests.add(digest);
    if (state === 'expired') this.statistics.expiredSeen++;
  }

  ended({ statusCode, writableFinished }: ServerResponse): void {
    const { byStatus } = this.statistics;
    this.statistics.requests++;
    byStatus[statusCode] = (byStatus[statusCode] ?? 0) + 1;
    if (!writableFinished) this.statistics.cutShort++;
  }

  read(): UpstreamStatistics {
    return { ...this.statistics, credentials: [...this.digests] };
  }

  reset(): void {
    this.statistics = empty();
    this.digests.clear();
  }
}

function empty(): Omit<UpstreamStatistics, 'credentials'> {
  return { requests: 0, byStatus: {}, cutShort: 0, expiredSeen: 0 };
}

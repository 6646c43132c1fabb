import { type ServerResponse } from 'node:http';
import { type TokenState } from './issued-tokens.js';

export interface UpstreamStatistics {
  requests: number;
  byStatus: Record<string, number>;
  /** Answers that the client did not wait for. */
  cutShort: number;
  /** Requests whose token had been valid once, and was past its life. */
  expiredSeen: number;
  /** The tokens that requests came with, by their short digests. */
  credentials: string[];
}

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

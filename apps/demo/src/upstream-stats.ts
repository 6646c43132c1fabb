import { type ServerResponse } from 'node:http';
import { type TokenState } from './issued-tokens.js';

export interface UpstreamStatistics {
  requests: number;
  byStatus: Record<string, number>;
  /** Answers that the client did not wait for. */
  cutShort: number;
  /** Requests whose token had been valid once, and was past its life. */
  expiredSeen: number;
  /** How many requests came with each token, by the short digest of the token. */
  credentials: Record<string, number>;
}

export class UpstreamStats {
  private statistics = empty();

  saw(digest: string, state: TokenState): void {
    const { credentials } = this.statistics;
    credentials[digest] = (credentials[digest] ?? 0) + 1;
    if (state === 'expired') this.statistics.expiredSeen++;
  }

  ended({ statusCode, writableFinished }: ServerResponse): void {
    const { byStatus } = this.statistics;
    this.statistics.requests++;
    byStatus[statusCode] = (byStatus[statusCode] ?? 0) + 1;
    if (!writableFinished) this.statistics.cutShort++;
  }

  read(): UpstreamStatistics {
    return this.statistics;
  }

  reset(): void {
    this.statistics = empty();
  }
}

function empty(): UpstreamStatistics {
  return { requests: 0, byStatus: {}, cutShort: 0, expiredSeen: 0, credentials: {} };
}

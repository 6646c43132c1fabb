import { type IntegrationName } from './policy.js';

/** A request that did not end as it should; instants in monotonic ms. */
export interface Failure {
  readonly kind: string;
  /** What the caller heard: a status with its problem code, or how the connection ended. */
  readonly cause: string;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** What the callers saw. */
export class RequestLog {
  readonly failures: Failure[] = [];
  readonly counts: Record<string, number> = {};
  /** Callers that left in the middle, as they meant to. */
  left = 0;
  private readonly users = new Map<string, Set<IntegrationName>>();

  get total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }

  /** Tokens, by their digests, that were used for more than one integration. */
  get foreignTokens(): string[] {
    return [...this.users].flatMap(([digest, integrations]) => (integrations.size > 1 ? [digest] : []));
  }

  get tokens(): number {
    return this.users.size;
  }

  ended(kind: string): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }

  failed(failure: Failure): void {
    this.failures.push(failure);
  }

  /** The upstream saw this token. */
  saw(digest: string, integration: IntegrationName): void {
    const users = this.users.get(digest) ?? new Set();
    this.users.set(digest, users.add(integration));
  }
}

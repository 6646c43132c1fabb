/** One call of the token endpoint; it has no end while it runs. */
export interface TokenCall {
  readonly startedAt: number;
  endedAt?: number;
  clientId?: string;
  /** The port that the caller's connection comes from: it tells which process called. */
  readonly callerPort?: number;
  status?: number;
}

const REMEMBERED = 1_000;

/** The log of the token endpoint: every call counts, the last thousand are remembered. */
export class TokenCalls {
  count = 0;
  private readonly calls: TokenCall[] = [];

  start(clientId?: string, callerPort?: number): TokenCall {
    const call: TokenCall = { startedAt: instant(), clientId, callerPort };
    this.count++;
    this.calls.push(call);
    if (this.calls.length > REMEMBERED) this.calls.shift();
    return call;
  }

  recent(): readonly TokenCall[] {
    return this.calls;
  }

  reset(): void {
    this.count = 0;
    this.calls.length = 0;
  }
}

/** The most calls of one client that ran at the same time. */
export function overlapping(calls: readonly TokenCall[]): number {
  return Math.max(0, ...calls.map((call) => calls.filter((other) => ranAtTheStartOf(call, other)).length));
}

function ranAtTheStartOf({ startedAt, clientId }: TokenCall, other: TokenCall): boolean {
  const { endedAt = Infinity } = other;
  return other.clientId === clientId && other.startedAt <= startedAt && startedAt < endedAt;
}

/** Epoch milliseconds with their fractions, so that calls in a row within one millisecond do not seem to overlap. */
export function instant(): number {
  return performance.timeOrigin + performance.now();
}

/** One call of the token endpoint; instants are epoch ms. */
export interface TokenCall {
  readonly startedAt: number;
  /** Absent while the call is in flight. */
  endedAt?: number;
  clientId?: string;
  /** Source port of the caller's connection, which identifies the calling process. */
  readonly callerPort?: number;
  status?: number;
  /** `expires_in` of the answer, in s. */
  expiresInS?: number;
  /** How often the token of the answer has been given again by now: 0 for a new one. */
  repeats?: number;
}

const REMEMBERED = 1_000;

/** Counts the calls of the token endpoint, and remembers the last thousand. */
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

/** The largest number of concurrent calls of one client. */
export function overlapping(calls: readonly TokenCall[]): number {
  return Math.max(0, ...calls.map((call) => calls.filter((other) => ranAtTheStartOf(call, other)).length));
}

function ranAtTheStartOf({ startedAt, clientId }: TokenCall, other: TokenCall): boolean {
  const { endedAt = Infinity } = other;
  return other.clientId === clientId && other.startedAt <= startedAt && startedAt < endedAt;
}

/** Epoch ms with fractions: without them, two calls one after the other within a millisecond would seem to overlap. */
export function instant(): number {
  return performance.timeOrigin + performance.now();
}

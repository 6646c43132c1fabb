export interface TokenCall {
  startedAt: number;
  endedAt?: number;
  status?: number;
  clientId?: string;
  /** The port that the caller's connection comes from. */
  callerPort: number;
}

/** The identity provider's side of the story, which cannot be talked into anything. */
export class IdentityProvider {
  constructor(readonly issuer: string) {}

  /** Forgets all tokens, calls and faults. */
  reset(): Promise<void> {
    return this.post('/control/reset');
  }

  configure(settings: {
    tokenLifetimeMs?: number;
    delayMs?: number;
    failWith?: { status: number; retryAfterS?: number } | null;
  }): Promise<void> {
    return this.post('/control', settings);
  }

  revokeAll(): Promise<void> {
    return this.post('/control/revoke');
  }

  async stats(): Promise<{ tokenCalls: number; minted: number; overlapping: number; calls: TokenCall[] }> {
    return (await fetch(new URL('/control/stats', this.issuer))).json() as never;
  }

  private async post(path: string, body?: object): Promise<void> {
    const response = await fetch(new URL(path, this.issuer), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body ?? {}),
    });
    if (!response.ok) throw new Error(`POST ${path} answered ${response.status}: ${await response.text()}`);
  }
}

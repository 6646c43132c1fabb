import { type Token, type TokenService } from '@mintonce/token-cache';
import { type Answer, type Rejection } from '../messages.js';
import { monotonicMs } from '../monotonic.js';
import { tokenDigest } from '../token-digest.js';

/** The name of the one integration. */
export const INTEGRATION = 'api';

/** The callers of this worker, and what they experience. */
export class Callers {
  inFlight = 0;
  private readonly lastTokens = new Map<string, Token>();
  private readonly loads = new Map<string, NodeJS.Timeout>();
  private rested: (() => void)[] = [];

  constructor(
    private readonly tokens: TokenService,
    private readonly tell: { answered(answer: Answer): void; rejected(rejection: Rejection): void },
  ) {}

  async burst(key: string, count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.call(key)));
  }

  load(key: string, everyMs: number): void {
    clearInterval(this.loads.get(key));
    this.loads.set(
      key,
      setInterval(() => void this.call(key), everyMs),
    );
  }

  /** Ends the load; resolves when every caller is answered. */
  async rest(): Promise<void> {
    this.loads.forEach((timer) => clearInterval(timer));
    if (this.inFlight > 0) await new Promise<void>((resolve) => this.rested.push(resolve));
  }

  async call(key: string, signal?: AbortSignal): Promise<void> {
    this.inFlight++;
    const askedAt = monotonicMs();
    try {
      const token = await this.tokens.getToken(INTEGRATION, { resource: key }, signal && { signal });
      this.lastTokens.set(key, token);
      const { generation } = token;
      this.tell.answered({
        key,
        askedAt,
        answeredAt: monotonicMs(),
        token: tokenDigest(token.accessToken),
        generation,
      });
    } catch (error) {
      this.tell.answered({ key, askedAt, answeredAt: monotonicMs(), error: describe(error) });
    }
    if (--this.inFlight === 0) this.rested.splice(0).forEach((resolve) => resolve());
  }

  /** As often as there were callers who were given a 401 for it; the number of times that it was the shared one. */
  async invalidate(key: string, times: number): Promise<number> {
    const token = this.lastTokens.get(key);
    if (!token) throw new Error(`This worker was never given a token for ${key}`);
    this.tell.rejected({ key, token: tokenDigest(token.accessToken), at: monotonicMs() });
    const results = await Promise.all(Array.from({ length: times }, () => this.tokens.invalidate(token)));
    return results.filter(Boolean).length;
  }

  purge(key: string): Promise<void> {
    return this.tokens.purge(INTEGRATION, { resource: key });
  }
}

function describe(error: unknown): { code: string; message: string } {
  const { code, name } = error as Error & { code?: string };
  return { code: typeof code === 'string' ? code : name, message: messagesOf(error).join(': ') };
}

/** Of the error and of all that caused it. */
function messagesOf(error: unknown): string[] {
  return error instanceof Error ? [error.message, ...messagesOf(error.cause)] : [];
}

import { type DemoClient } from './identity-provider.js';
import { type TokenState } from './issued-tokens.js';

/** Options of `Introspection`. */
export interface IntrospectionOptions {
  /** Issuer URL of the demo's identity provider. */
  issuer: string;
  /** Client that may introspect tokens. */
  client: DemoClient;
  /** Time for which an answer is reused, in ms. @defaultValue 0: every request asks */
  cacheMs?: number;
}

interface Answer {
  readonly state: Promise<TokenState>;
  usableUntil: number;
}

const REMEMBERED = 1_000;

/** Asks the identity provider whether a token is active (RFC 7662). Concurrent requests with one token share one call. */
export class Introspection {
  private readonly answers = new Map<string, Answer>();

  constructor(private readonly options: IntrospectionOptions) {}

  async stateOf(token: string): Promise<TokenState> {
    const known = this.answers.get(token);
    if (known && known.usableUntil > Date.now()) return await known.state;
    const answer: Answer = { state: this.ask(token), usableUntil: Infinity };
    this.answers.set(token, answer);
    if (this.answers.size > REMEMBERED) this.answers.delete(String(this.answers.keys().next().value));
    try {
      return await answer.state;
    } finally {
      this.settle(token, answer);
    }
  }

  private settle(token: string, answer: Answer): void {
    answer.usableUntil = Date.now() + (this.options.cacheMs ?? 0);
    if (!this.options.cacheMs && this.answers.get(token) === answer) this.answers.delete(token);
  }

  private async ask(token: string): Promise<TokenState> {
    const { issuer, client } = this.options;
    const credentials = [client.clientId, client.clientSecret].map(encodeURIComponent).join(':');
    const response = await fetch(`${issuer}/token/introspection`, {
      method: 'POST',
      // A POST on a kept connection that the other end has just closed would fail, and the caller with it.
      headers: { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}`, Connection: 'close' },
      body: new URLSearchParams({ token }),
    });
    if (!response.ok)
      throw new Error(
        `the introspection endpoint answered ${response.status}: look into the log of the identity provider`,
      );
    const { active, inactive_because: why } = (await response.json()) as Record<string, unknown>;
    return active === true ? 'active' : ((why as TokenState | undefined) ?? 'unknown');
  }
}

import { type MintContext, type MintedToken, type TokenSource } from '../core/contract/token-source.js';
import { type TokenRequest } from '../core/contract/token-request.js';

/** A source that counts, and that fails, dawdles or answers oddly when told to. */
export class FakeTokenSource implements TokenSource {
  /** Every call so far, in order. */
  readonly calls: { readonly request: TokenRequest; readonly context: MintContext }[] = [];
  /** What the answer says beside the token. */
  answer: Omit<MintedToken, 'accessToken'> = { expiresInMs: 3_600_000 };
  /** Thrown instead of an answer while set. */
  failure?: Error;
  private gate: Promise<void> = Promise.resolve();

  constructor(readonly identity = 'fake') {}

  /** Makes every call wait until the returned function is called. */
  hold(): () => void {
    let release = (): void => {};
    this.gate = new Promise((resolve) => (release = resolve));
    return release;
  }

  async mint(request: TokenRequest, context: MintContext): Promise<MintedToken> {
    const number = this.calls.push({ request, context });
    await this.gate;
    if (this.failure) throw this.failure;
    return { accessToken: `${this.identity}-token-${number}`, ...this.answer };
  }
}

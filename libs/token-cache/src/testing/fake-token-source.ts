import { type MintContext, type MintedToken, type TokenSource } from '../core/contract/token-source.js';
import { type TokenRequest } from '../core/contract/token-request.js';

/**
 * A token source for tests. It mints `<identity>-token-1`, `<identity>-token-2` and so on, records its calls, and can fail,
 * wait or give other answers.
 *
 * @example
 * const source = new FakeTokenSource();
 * source.failure = new TokenSourceUnavailableError('down');
 */
export class FakeTokenSource implements TokenSource {
  /** Every call of `mint` so far, in order. */
  readonly calls: {
    /** What was asked for. */
    readonly request: TokenRequest;
    /** What the source was told of the mint. */
    readonly context: MintContext;
  }[] = [];
  /** Fields of the answer beside the token. @defaultValue a life of one hour */
  answer: Omit<MintedToken, 'accessToken'> = { expiresInMs: 3_600_000 };
  /** The error of each mint while set. @defaultValue none */
  failure?: Error;
  private gate: Promise<void> = Promise.resolve();

  /** @param identity identity of the source, and the start of its tokens. @defaultValue `'fake'` */
  constructor(readonly identity = 'fake') {}

  /** Makes every later mint wait until the returned function is called. */
  hold(): () => void {
    let release = (): void => {};
    this.gate = new Promise((resolve) => (release = resolve));
    return release;
  }

  /**
   * Mints the next token.
   *
   * @throws the `failure`, while set
   */
  async mint(request: TokenRequest, context: MintContext): Promise<MintedToken> {
    const number = this.calls.push({ request, context });
    await this.gate;
    if (this.failure) throw this.failure;
    return { accessToken: `${this.identity}-token-${number}`, ...this.answer };
  }
}

import { type TokenKey } from '../config/token-key.js';
import { type Clock } from '../contract/clock.js';
import { voids } from '../contract/mint-fence.js';
import { after, leftMs, momentOf } from '../contract/moment.js';
import {
  TokenResponseInvalidError,
  TokenSourceError,
  TokenSourceUnavailableError,
} from '../contract/token-cache.errors.js';
import { type FreshToken } from '../contract/token-content.js';
import { type MintedToken } from '../contract/token-source.js';
import { type TokenStoreEvent } from '../contract/token-store.js';
import { lifeOf } from './token-life.js';

interface RunningMint {
  readonly keyId: string;
  readonly fence: number;
  readonly controller: AbortController;
}

/** Asks a source for a token, within its time, and makes sense of the answer. */
export class SourceClient {
  private readonly running = new Set<RunningMint>();

  /** @param closing aborts every mint, those to come included */
  constructor(
    private readonly clock: Clock,
    private readonly random: () => number,
    private readonly closing: AbortSignal,
  ) {
    closing.addEventListener('abort', () => {
      for (const { controller } of this.running) controller.abort(closing.reason);
    });
  }

  /** @throws TokenSourceError whatever the source threw */
  async mint(key: TokenKey, fence: number): Promise<FreshToken> {
    const sentAt = momentOf(this.clock);
    const minted = checked(await this.ask(key, fence), key.integration.name);
    const life = lifeOf(minted, key.integration.policy, sentAt.wallAt, this.random);
    const ends = after(sentAt, life.usableMs);
    if (leftMs(ends, momentOf(this.clock)) < 1) {
      throw new TokenResponseInvalidError(
        `The token for "${key.integration.name}" had expired before it arrived: its source answers too slowly, or states too short a life`,
      );
    }
    const { accessToken, tokenType = 'Bearer', scope } = minted;
    const expiresAt = Math.floor(sentAt.wallAt + life.lifeMs);
    const { refreshWindowMs } = life;
    return {
      content: { accessToken, tokenType, scope, expiresAt, refreshWindowMs },
      ends,
    };
  }

  /** Aborts the mints that a purge voids: their tokens may not be used. */
  abortVoided(event: TokenStoreEvent): void {
    for (const { keyId, fence, controller } of this.running) {
      if (event.type === 'purged' && keyId === event.keyId && voids(event, fence)) {
        controller.abort(new Error('The token was purged while it was minted'));
      }
    }
  }

  private async ask(key: TokenKey, fence: number): Promise<MintedToken> {
    const { name, source, policy } = key.integration;
    const mint: RunningMint = { keyId: key.id, fence, controller: new AbortController() };
    const { signal } = mint.controller;
    // A source that ignores its signal must not hold its callers up, so the signal ends the wait as well.
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    const cancelTimeout = this.clock.after(policy.mintTimeoutMs, () => {
      mint.controller.abort(
        new TokenSourceUnavailableError(
          `The source of "${name}" did not answer within ${policy.mintTimeoutMs} ms: look at its endpoint, or raise mintTimeoutMs`,
        ),
      );
    });
    this.running.add(mint);
    if (this.closing.aborted) mint.controller.abort(this.closing.reason);
    const context = { signal, fence, integration: name };
    try {
      return await Promise.race([
        Promise.resolve()
          .then(() => signal.throwIfAborted())
          .then(() => source.mint(key.request, context)),
        aborted,
      ]);
    } catch (error) {
      const reason: unknown = signal.aborted ? signal.reason : error;
      if (reason instanceof TokenSourceError) throw reason;
      throw new TokenSourceUnavailableError(
        `The source of "${name}" failed: its own error is the cause, in the process that asked it`,
        { cause: reason },
      );
    } finally {
      cancelTimeout();
      this.running.delete(mint);
    }
  }
}

/** What may stand in an `Authorization` header (RFC 6750 section 2.1, leniently: any visible character). */
const VISIBLE = /^[\x21-\x7e]+$/;

function checked(minted: MintedToken | undefined, integration: string): MintedToken {
  const { accessToken, tokenType = 'Bearer' }: Partial<MintedToken> = minted ?? {};
  if (typeof accessToken !== 'string' || !VISIBLE.test(accessToken)) {
    throw new TokenResponseInvalidError(
      `The source of "${integration}" gave no usable access token: it must be visible ASCII without spaces`,
    );
  }
  if (typeof tokenType !== 'string' || !VISIBLE.test(tokenType)) {
    throw new TokenResponseInvalidError(
      `The source of "${integration}" gave no usable token type: it must be visible ASCII without spaces`,
    );
  }
  return minted as MintedToken;
}

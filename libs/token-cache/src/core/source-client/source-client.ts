import { type Clock } from '../contract/clock.js';
import { type TokenContent } from '../store-client/payload-codec.js';
import {
  TokenResponseInvalidError,
  TokenSourceError,
  TokenSourceUnavailableError,
} from '../contract/token-cache.errors.js';
import { type TokenKey } from '../config/token-key.js';
import { lifeOf } from './token-life.js';
import { type MintedToken } from '../contract/token-source.js';

/** A new token and, in monotonic time, how long it may be used. */
export interface FreshToken {
  readonly content: TokenContent;
  readonly endsAt: number;
  readonly refreshAt: number;
}

/** The fence of a mint that no lease covers: it is below every other. */
export const NO_LEASE = 0;

/** Why a mint ended that the source has no part in. */
export const SHUTTING_DOWN = new Error('shutting down');
const PURGED = new Error('purged');

/** Asks a source for a token, within its time, and makes sense of the answer. */
export class SourceClient {
  private isClosed = false;
  private readonly running = new Map<AbortController, { keyId: string; fence: number }>();

  constructor(
    private readonly clock: Clock,
    private readonly random: () => number,
  ) {}

  /** @throws TokenSourceError whatever the source threw */
  async mint(key: TokenKey, fence: number): Promise<FreshToken> {
    const sentAt = this.clock.monotonic();
    const sentAtEpoch = this.clock.now();
    const minted = checked(await this.ask(key, fence), key.integration.name);
    const life = lifeOf(minted, key.integration.policy, sentAtEpoch, this.random);
    const endsAt = sentAt + life.usableMs;
    if (endsAt - this.clock.monotonic() < 1) {
      throw new TokenResponseInvalidError(`The token for "${key.integration.name}" had expired before it arrived`);
    }
    return {
      content: {
        accessToken: minted.accessToken,
        tokenType: minted.tokenType ?? 'Bearer',
        ...(minted.scope !== undefined && { scope: minted.scope }),
        expiresAt: Math.floor(sentAtEpoch + life.lifeMs),
        refreshWindowMs: life.refreshWindowMs,
      },
      endsAt,
      refreshAt: endsAt - life.refreshWindowMs,
    };
  }

  /** Aborts the mints up to the fence of a purge: nobody may have what comes of them. One that began after it goes on. */
  abort(purgedId: string, upTo: number): void {
    for (const [controller, { keyId, fence }] of this.running) {
      if (keyId === purgedId && fence <= upTo) controller.abort(PURGED);
    }
  }

  /** Aborts every mint, those to come included. */
  close(): void {
    this.isClosed = true;
    for (const controller of this.running.keys()) controller.abort(SHUTTING_DOWN);
  }

  private async ask(key: TokenKey, fence: number): Promise<MintedToken> {
    const { name, source, policy } = key.integration;
    const controller = new AbortController();
    const { signal } = controller;
    // A source that ignores its signal must not hold everybody up, so the signal ends the wait as well.
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    const cancelTimeout = this.clock.after(policy.mintTimeoutMs, () => {
      controller.abort(
        new TokenSourceUnavailableError(`The source of "${name}" did not answer within ${policy.mintTimeoutMs} ms`),
      );
    });
    this.running.set(controller, { keyId: key.id, fence });
    if (this.isClosed) controller.abort(SHUTTING_DOWN);
    try {
      return await Promise.race([
        Promise.resolve()
          .then(() => signal.throwIfAborted())
          .then(() => source.mint(key.request, { signal, fence, integration: name })),
        aborted,
      ]);
    } catch (error) {
      const reason = signal.aborted ? signal.reason : error;
      if (reason instanceof TokenSourceError) throw reason;
      throw new TokenSourceUnavailableError(`The source of "${name}" failed`, { cause: reason });
    } finally {
      cancelTimeout();
      this.running.delete(controller);
    }
  }
}

/** What may stand in an `Authorization` header (RFC 6750 section 2.1, leniently: any visible character). */
const VISIBLE = /^[\x21-\x7e]+$/;

function checked(minted: MintedToken, integration: string): MintedToken {
  const { accessToken, tokenType = 'Bearer' } = minted ?? {};
  if (typeof accessToken !== 'string' || !VISIBLE.test(accessToken)) {
    throw new TokenResponseInvalidError(`The source of "${integration}" gave no usable access token`);
  }
  if (typeof tokenType !== 'string' || !VISIBLE.test(tokenType)) {
    throw new TokenResponseInvalidError(`The source of "${integration}" gave no usable token type`);
  }
  return minted;
}

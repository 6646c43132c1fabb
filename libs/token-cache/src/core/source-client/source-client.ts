import { type TokenKey } from '../config/token-key.js';
import { afterInput, type Clock } from '../contract/clock.js';
import { concerns, isPurge } from '../contract/concerns.js';
import { type HeardEvent } from '../contract/heard-event.js';
import { voids } from '../contract/mint-fence.js';
import {
  TokenResponseInvalidError,
  TokenSourceError,
  TokenSourceUnavailableError,
} from '../contract/token-cache.errors.js';
import { leftMs, momentOf, MOST_DRIFT_MS, sleptMs } from '../contract/moment.js';
import { type FormerToken, type FreshToken } from '../contract/token-content.js';
import { type MintContext, type MintedToken } from '../contract/token-source.js';
import { type Cooldown } from '../contract/token-store.js';
import { VISIBLE_ASCII } from '../contract/visible-ascii.js';
import { AskAgainError } from './ask-again-error.js';
import { OpenMints, type Release } from './open-mints.js';
import { providerOf } from './provider.js';
import { ProviderPace } from './provider-pace.js';
import { type Exchange } from './server-clock.js';
import { lifeOf, type TokenLife } from './token-life.js';

/** Lives are stated in whole seconds, so a token that is said to be over may go on for as long. */
const RESOLUTION_MS = 1_000;

/** What is known when a source is asked. */
export interface MintCircumstances {
  /** The token of that key that was in hand before, which the source may give again. */
  readonly former?: FormerToken;
  /** False for a mint without a lease, whose fence is none of the store. @defaultValue true */
  readonly isLeased?: boolean;
  /** Headers that observers want on its requests. @defaultValue none */
  readonly headers?: MintContext['headers'];
}

interface MintRight extends Pick<MintContext, 'headers'> {
  readonly fence: number;
  readonly isLeased: boolean;
}

interface RunningMint {
  readonly key: TokenKey;
  readonly fence: number;
  readonly controller: AbortController;
}

/** Asks a source for a token, within its time, and makes sense of the answer. */
export class SourceClient {
  private readonly running = new Set<RunningMint>();
  private readonly openMints: OpenMints;
  private readonly pace: ProviderPace;

  /** @param closing aborts every mint, those to come included */
  constructor(
    private readonly clock: Clock,
    private readonly random: () => number,
    private readonly closing: AbortSignal,
  ) {
    this.openMints = new OpenMints(clock);
    this.pace = new ProviderPace(clock, random);
    closing.addEventListener('abort', () => {
      for (const { controller } of this.running) controller.abort(closing.reason);
      this.openMints.refuseAll(shuttingDown(closing.reason));
    });
  }

  /** The failure for which the provider of that key is to be left alone by this process, whichever key it concerned. */
  cooling(key: TokenKey): Cooldown | undefined {
    return this.pace.cooling(key);
  }

  /** A place among the open token requests of the provider at once, if one is free; see `admission`. */
  tryAdmission(key: TokenKey): Release | undefined {
    return this.openMints.tryEnter(providerOf(key), key.integration.policy.maxOpenMints);
  }

  /**
   * Waits until a request for a token may be opened, by the bound of the provider. To be called before the right to mint is asked
   * for, so that no other process waits for one that waits; `cooling` may have another answer afterwards.
   *
   * @returns gives the place back; to be called once the mint is over, or is not needed
   * @throws TokenSourceUnavailableError when there is no turn within `mintTimeoutMs`
   */
  async admission(key: TokenKey): Promise<Release> {
    const { name, policy } = key.integration;
    if (this.closing.aborted) throw shuttingDown(this.closing.reason);
    return this.openMints.enter(providerOf(key), {
      limit: policy.maxOpenMints,
      timeoutMs: policy.mintTimeoutMs,
      timeoutError: () =>
        new TokenSourceUnavailableError(
          `No turn at the source of "${name}" within ${policy.mintTimeoutMs} ms, behind ${policy.maxOpenMints} token requests ` +
            'that are open: look at why it is slow, or raise maxOpenMints',
          { binds: 'process' },
        ),
    });
  }

  /**
   * Asks the source once.
   *
   * @throws AskAgainError when the source is worth to be asked once more
   * @throws TokenSourceError whatever the source threw
   */
  async mint(key: TokenKey, fence: number, circumstances: MintCircumstances = {}): Promise<FreshToken> {
    const { former, isLeased = true, headers = {} } = circumstances;
    try {
      const fresh = await this.mintOnce(key, { fence, isLeased, headers }, former);
      this.pace.succeeded(key);
      return fresh;
    } catch (error) {
      this.pace.failed(key, error as TokenSourceError);
      throw error;
    }
  }

  /** Aborts the mints that a purge voids: their tokens may not be used. */
  abortVoided(event: HeardEvent): void {
    for (const { key, fence, controller } of this.running) {
      if (isPurge(event) && concerns(event, key) && voids(event, fence)) {
        controller.abort(new Error('The token was purged while it was minted'));
      }
    }
  }

  private async mintOnce(key: TokenKey, right: MintRight, former?: FormerToken) {
    const { name, policy } = key.integration;
    const { minted, ...exchange } = await this.exchange(key, right);
    const life = lifeOf(minted, policy, exchange, former, this.random);
    const isRepeated = former?.accessToken === minted.accessToken;
    const mayGoOn = isRepeated && leftMs(former.ends, exchange.arrived) > -(policy.safetyMarginMs + RESOLUTION_MS);
    checkLife(name, life, exchange, mayGoOn);
    const { ends, refreshWindowMs } = life;
    const { accessToken, tokenType = 'Bearer', scope } = minted;
    const expiresAt = Math.floor(exchange.sent.wallAt + life.lifeMs);
    const lifeMs = Math.floor(leftMs(ends, exchange.arrived));
    const content = { accessToken, tokenType, scope, expiresAt, refreshWindowMs, lifeMs };
    return { content, ends };
  }

  private async exchange(key: TokenKey, right: MintRight): Promise<Exchange & { readonly minted: MintedToken }> {
    const sent = momentOf(this.clock);
    const minted = checked(await this.ask(key, right), key.integration.name);
    return { minted, sent, arrived: momentOf(this.clock) };
  }

  private async ask(key: TokenKey, { fence, isLeased, headers }: MintRight): Promise<MintedToken> {
    const { name, source, policy } = key.integration;
    const mint: RunningMint = { key, fence, controller: new AbortController() };
    const { signal } = mint.controller;
    // A source that ignores its signal must not hold its callers up, so the signal ends the wait as well.
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    const timeUp = (): void => {
      // Its token may have arrived while the event loop was blocked.
      if (!this.running.has(mint)) return;
      mint.controller.abort(
        new TokenSourceUnavailableError(
          `The source of "${name}" did not answer within ${policy.mintTimeoutMs} ms: look at its endpoint, or raise mintTimeoutMs`,
          // Without an answer the fault may lie with this process, such as a firewall that drops what it sends.
          { binds: 'process' },
        ),
      );
    };
    const cancelTimeout = this.clock.after(policy.mintTimeoutMs, () => afterInput(this.clock, timeUp));
    this.running.add(mint);
    if (this.closing.aborted) mint.controller.abort(this.closing.reason);
    const context = { signal, fence: isLeased ? fence : 0, integration: name, headers };
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
      throw unavailable(
        `The source of "${name}" failed: its own error is the cause, in the process that asked it`,
        reason,
      );
    } finally {
      cancelTimeout();
      this.running.delete(mint);
    }
  }
}

/**
 * @param mayGoOn whether the source gave a token again that ended a moment ago, so that its successor comes in a moment
 * @throws TokenResponseInvalidError when the token cannot be used any more
 */
function checkLife(name: string, { lifeMs, ends }: TokenLife, { sent, arrived }: Exchange, mayGoOn: boolean): void {
  if (leftMs(ends, arrived) >= 1) return;
  const [message, options] = lifeMs > 0 ? [late(name), { binds: 'process' } as const] : [over(name)];
  if (mayGoOn) throw new AskAgainError(message, RESOLUTION_MS, options);
  if (lifeMs > 0 && sleptMs(sent, arrived) > MOST_DRIFT_MS) throw new AskAgainError(message, 0, options);
  throw new TokenResponseInvalidError(message, options);
}

function late(name: string): string {
  return `The token for "${name}" had expired before it arrived: its source answers too slowly, or states too short a life`;
}

function over(name: string): string {
  return (
    `The source of "${name}" gave a token that is over, by its answer or by the exp of the token: look at the clocks of both ` +
    `machines if it recurs; if the answer says 0 for a token that never ends, set zeroExpiry to 'never'`
  );
}

function shuttingDown(cause: unknown): TokenSourceUnavailableError {
  return unavailable(
    'The process shuts down and mints no more: another process, or this one after its start, mints',
    cause,
  );
}

/** A failure of which nobody knows whether the provider has a part in it. */
function unavailable(message: string, cause: unknown): TokenSourceUnavailableError {
  return new TokenSourceUnavailableError(message, { cause, binds: 'process' });
}

function checked(minted: MintedToken | undefined, integration: string): MintedToken {
  const { accessToken, tokenType = 'Bearer' }: Partial<MintedToken> = minted ?? {};
  if (typeof accessToken !== 'string' || !VISIBLE_ASCII.test(accessToken)) {
    throw new TokenResponseInvalidError(
      `The source of "${integration}" gave no usable access token: it must be visible ASCII without spaces`,
    );
  }
  if (typeof tokenType !== 'string' || !VISIBLE_ASCII.test(tokenType)) {
    throw new TokenResponseInvalidError(
      `The source of "${integration}" gave no usable token type: it must be visible ASCII without spaces`,
    );
  }
  return minted as MintedToken;
}

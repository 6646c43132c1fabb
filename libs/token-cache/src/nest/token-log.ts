import { type LoggerService } from '@nestjs/common';
import { type Clock } from '../core/contract/clock.js';
import { type TokenSourceError, type TokenStoreUnavailableError } from '../core/contract/token-cache.errors.js';
import { type MintOutcome, type StoreOperation, TokenObserver } from '../core/contract/token-observer.js';
import { Outage, type Recovery } from './outage.js';

/** What is known of the mints of one integration. */
interface Mints {
  readonly outage: Outage;
  /** The latest expiry of its tokens: one that ends later is a new one, whoever minted it. */
  expiresAt: number;
}

/**
 * Logs the begin and the end of each outage of the store and of each integration's mints, a line each. A line holds what the
 * library or the store's driver says of the failure, and of the error that a source threw no more than its kind: its text
 * may quote an answer with a token.
 */
export class TokenLog extends TokenObserver {
  private readonly store: Outage;
  private readonly integrations = new Map<string, Mints>();

  constructor(
    private readonly logger: Pick<LoggerService, 'log' | 'warn'>,
    private readonly clock: Pick<Clock, 'monotonic'>,
  ) {
    super();
    this.store = this.newOutage();
  }

  override storeCalled(_operation: StoreOperation, _durationMs: number, failed: boolean): void {
    if (!failed) this.tell('The token store answers again', this.store.worked());
  }

  override storeFailed(operation: StoreOperation, { cause }: TokenStoreUnavailableError): void {
    if (!this.store.failed()) return;
    const reason = cause instanceof Error ? `: ${oneLine(cause.message)}${kindOf(cause)}` : '';
    this.logger.warn(`The token store failed at "${operation}"${reason}. Valid tokens are served on until it answers`);
  }

  override mintFailed(integration: string, { code, message, cause, retryAfterMs = 0 }: TokenSourceError): void {
    if (!this.mintsOf(integration).outage.failed()) return;
    const pause = retryAfterMs > 0 ? `; the source is left alone for ${Math.ceil(retryAfterMs)} ms` : '';
    this.logger.warn(`No token was minted for "${integration}" (${code}): ${oneLine(message)}${kindOf(cause)}${pause}`);
  }

  /** A failure of this process's own mint, or of the store, was told before. */
  override refreshFailed(integration: string, code: string): void {
    if (code === 'TOKEN_STORE_UNAVAILABLE' || !this.mintsOf(integration).outage.failed()) return;
    this.logger.warn(`The token for "${integration}" was not refreshed (${code}): the valid one is served on`);
  }

  override minted(integration: string, { outcome }: { outcome: MintOutcome }): void {
    if (outcome === 'stored' || outcome === 'local') this.recovered(integration);
  }

  override learned(integration: string, expiresAt: number): void {
    const mints = this.mintsOf(integration);
    if (expiresAt <= mints.expiresAt) return;
    mints.expiresAt = expiresAt;
    this.recovered(integration);
  }

  private recovered(integration: string): void {
    this.tell(`There is a new token for "${integration}" again`, this.mintsOf(integration).outage.worked());
  }

  private tell(what: string, recovery: Recovery | undefined): void {
    if (!recovery) return;
    this.logger.log(`${what} after ${Math.round(recovery.lastedMs)} ms; failures meanwhile: ${recovery.failures}`);
  }

  private mintsOf(integration: string): Mints {
    let mints = this.integrations.get(integration);
    if (!mints) this.integrations.set(integration, (mints = { outage: this.newOutage(), expiresAt: 0 }));
    return mints;
  }

  private newOutage(): Outage {
    return new Outage(() => this.clock.monotonic());
  }
}

const MOST_CHARACTERS = 300;
const MOST_CAUSES = 5;
/** A kind of error or a code: a text could hold anything. */
const WORD = /^[A-Z]\w{1,60}$/i;

/** What a server says may break a line or fill a page. */
function oneLine(text: string): string {
  const line = text.replace(/[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ').trim();
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}...` : line;
}

/** The kinds and codes of an error and its causes, such as ` (TypeError, ECONNREFUSED)`. */
function kindOf(error: unknown): string {
  const words: string[] = [];
  for (let cause = error, depth = 0; cause instanceof Error && depth < MOST_CAUSES; cause = cause.cause, depth++) {
    words.push(cause.name, (cause as { code?: unknown }).code as string);
  }
  const told = new Set(words.filter((word) => typeof word === 'string' && WORD.test(word) && word !== 'Error'));
  return told.size > 0 ? ` (${[...told].join(', ')})` : '';
}

import { type Clock } from '../contract/clock.js';
import { type Moment, momentOf } from '../contract/moment.js';
import { type Acquired } from '../contract/token-store.js';
import { errorOf } from '../source-client/cooldown.js';
import { type Release } from '../source-client/open-mints.js';
import { type SourceClient } from '../source-client/source-client.js';
import { type StoreClient } from '../store-client/store-client.js';
import { type Mints } from './mints.js';
import { type Rejections } from './rejections.js';
import { refusedBy, type Way } from './way.js';

/** An answer of the store. */
export interface Asked {
  readonly acquired: Acquired;
  readonly sentAt: Moment;
  /** A place among the open requests of the provider, to be given back; none for an attempt that means to mint nothing. */
  readonly place?: Release | undefined;
}

export interface InquiryParts {
  clock: Clock;
  store: StoreClient;
  sources: SourceClient;
  rejections: Rejections;
  mints: Mints;
}

/**
 * When a key that waits for its turn at the provider is looked at, since another process may have its turn before. Each pause is
 * twice as long as the last: with a thousand keys in the queue, the process has enough to do.
 */
const FIRST_LOOK_FROM_QUEUE_MS = 1_000;

/** Asks the store for a token, or for the right to mint one. */
export class Inquiry {
  constructor(private readonly parts: InquiryParts) {}

  /**
   * Asks the store, with a place for the mint that it may grant: a lease that waits for a place would hold up other processes.
   *
   * @param mayMint tells whether there is no token in hand: with one there is nothing to mint, and nothing to wait for
   * @throws TokenStoreUnavailableError, and TokenSourceUnavailableError when no place is free in time
   */
  async ask(way: Way, mayMint: () => boolean): Promise<Asked> {
    const { key, watch } = way;
    const { mints, rejections, sources, store } = this.parts;
    const place = sources.tryAdmission(key) ?? (mayMint() ? await this.queue(way) : undefined);
    if (typeof place === 'object') return place;
    try {
      await rejections.tellStore(key);
      if (way.isServed) throw new Error('Nobody waits for this answer any more');
      const wanted = { refusedGeneration: refusedBy(way), minTtlMs: way.demand.minLifeMs };
      const { acquired, sentAt } = await store.ask(key, wanted, {
        // A mint under way renews its lease by itself.
        mayMint: () => mayMint() && !mints.isRunning(key.id),
        onAttempt: () => watch.forget(),
      });
      if (acquired.outcome !== 'lease') place?.();
      return { acquired, sentAt, place };
    } catch (error) {
      place?.();
      throw error;
    }
  }

  /**
   * Waits for a place, until the store has a token.
   *
   * @throws what `admission` throws, TokenStoreUnavailableError, or the failure for which the source is left alone
   */
  private async queue(way: Way): Promise<Asked | Release> {
    const { clock, sources } = this.parts;
    const turn = sources.admission(way.key);
    const leave = (): void => void turn.then((place) => place()).catch(() => {});
    // It may be refused while the store is asked.
    turn.catch(() => {});
    try {
      for (let pauseMs = FIRST_LOOK_FROM_QUEUE_MS; ; pauseMs *= 2) {
        const found = await this.find(way);
        if (found) {
          leave();
          return found;
        }
        let cancel = (): void => {};
        const pause = new Promise<void>((resolve) => (cancel = clock.after(pauseMs, resolve)));
        const place = await Promise.race([turn, pause]).finally(() => cancel());
        if (place) return place;
      }
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** The token of the store, if it serves; asks for no right to mint. */
  private async find(way: Way): Promise<Asked | undefined> {
    const { key, watch } = way;
    const { clock, rejections } = this.parts;
    watch.forget();
    const sentAt = momentOf(clock);
    const { token, isRejected, cooldown, voidedUpTo } = await rejections.peek(key);
    const isServing =
      token && !isRejected && token.fence !== refusedBy(way) && token.ttlMs > (way.demand.minLifeMs ?? 0);
    if (isServing) return { acquired: { outcome: 'hit', token, voidedUpTo }, sentAt };
    if (cooldown) throw errorOf(cooldown, key.integration.name);
    return undefined;
  }
}

import { type Clock } from '../contract/clock.js';
import { type HeldToken } from '../contract/held-token.js';
import { momentOf } from '../contract/moment.js';
import { serves } from '../in-hand/demand.js';
import { type TokensInHand } from '../in-hand/tokens-in-hand.js';
import { type Granted } from '../store-client/store-client.js';
import { type Asked } from './inquiry.js';
import { type Mints } from './mints.js';
import { type Rejections } from './rejections.js';
import { type Upkeep } from './upkeep.js';
import { type Way } from './way.js';

export interface MeanwhileParts {
  clock: Clock;
  tokens: TokensInHand;
  mints: Mints;
  rejections: Rejections;
  upkeep: Upkeep;
}

/** While the store is asked, the process may come to hold a token another way: nobody then waits for the answer. */
export class Meanwhile {
  private readonly late = new Set<Promise<void>>();

  constructor(private readonly parts: MeanwhileParts) {}

  /**
   * The answer, or the token that came first. The answer is then heard all the same, since it may grant a lease or bring a
   * newer token. Where the store is told of a rejection before it is asked, both calls together have the time of one: after that
   * a valid token in hand is given, as for a store that does not answer.
   *
   * @throws what `asking` rejects with, if no token came first
   */
  async firstOf(way: Way, asking: Promise<Asked>): Promise<Asked | HeldToken> {
    const { clock, rejections } = this.parts;
    let isTimeOver = false;
    const overtime = (): void => {
      isTimeOver = true;
      // A caller that has to wait for another process is not to ask again for it.
      if (this.inHand(way, isTimeOver)) way.watch.wake();
    };
    const { storeTimeoutMs } = way.key.integration.policy;
    const cancel = rejections.isUntold(way.key) ? clock.after(storeTimeoutMs, overtime) : undefined;
    try {
      for (;;) {
        const asked = await Promise.race([asking, way.watch.woken()]);
        if (asked) return asked;
        const held = this.inHand(way, isTimeOver);
        if (!held) continue;
        way.isServed = true;
        this.hear(way, asking);
        return held;
      }
    } finally {
      cancel?.();
    }
  }

  /** Resolves when every answer has been heard. */
  async settled(): Promise<void> {
    await Promise.all(this.late);
  }

  private inHand({ key, demand }: Way, isTimeOver: boolean): HeldToken | undefined {
    const { clock, tokens } = this.parts;
    const now = momentOf(clock);
    const held = isTimeOver ? tokens.valid(key.id) : tokens.trusted(key.id, now);
    return held && serves(held, demand, now) ? held : undefined;
  }

  private hear(way: Way, asking: Promise<Asked>): void {
    const heard = asking
      .then(({ acquired, sentAt, place }) => {
        place?.();
        // It may be newer than the one that came first.
        if (acquired.outcome === 'hit') this.parts.tokens.admit(way.key, acquired.token, sentAt, way.watch);
        return acquired.outcome === 'lease' ? this.giveBack(way, acquired) : undefined;
      })
      // What the store fails at is told by the next call.
      .catch(() => {})
      .finally(() => {
        way.watch.close();
        this.late.delete(heard);
      });
    this.late.add(heard);
  }

  /** A lease that nobody needs is one for which the other processes would wait. */
  private async giveBack({ key, watch }: Way, granted: Granted): Promise<void> {
    const { mints, tokens, upkeep } = this.parts;
    const { lease } = granted;
    if (watch.hasPurged(lease.fence) || watch.hasReleased(lease.fence) || mints.adopt(key, granted)) return;
    const held = tokens.valid(key.id);
    if (held) upkeep.share(key, held, granted);
    else await upkeep.release(key, lease);
  }
}

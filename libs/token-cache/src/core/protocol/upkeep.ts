import { randomUUID } from 'node:crypto';
import { type Clock } from '../contract/clock.js';
import { errorOf } from '../source-client/cooldown.js';
import { BREAKER_RESET_MS } from '../store-client/guarded-store.js';
import { type StoreClient } from '../store-client/store-client.js';
import { type Acquisition } from './acquisition.js';
import { type Granted, type Minting } from './minting.js';
import { freshFrom, type HeldToken, type NearCache } from '../in-hand/near-cache.js';
import { type TokenKey } from '../config/token-key.js';
import { isUsable, type TokenShelf } from '../in-hand/token-shelf.js';
import { type StoreEvents, type KeyWatch } from '../store-client/store-events.js';

/** What is done for a token behind the callers' backs: refresh it in time, and share it if it was minted without the store. */
export class Upkeep {
  constructor(
    private readonly clock: Clock,
    private readonly store: StoreClient,
    private readonly near: NearCache,
    private readonly shelf: TokenShelf,
    private readonly storeEvents: StoreEvents,
    private readonly minting: Minting,
    private readonly protocol: Acquisition,
  ) {}

  /**
   * Replaces a token in its refresh window, if no other process does.
   *
   * @throws TokenSourceError, TokenStoreUnavailableError
   */
  async refresh(key: TokenKey, held: HeldToken): Promise<void> {
    const watch = this.storeEvents.watch(key.id);
    try {
      const sentAt = this.clock.monotonic();
      const acquired = await this.store.acquire(key, randomUUID(), held.endsAt - held.refreshAt);
      if (acquired.outcome === 'cooling') throw errorOf(acquired.cooldown, key.integration.name);
      if (acquired.outcome === 'hit') this.shelf.adopt(key, acquired.token, sentAt, watch);
      if (acquired.outcome === 'lease' && !(await this.settleFor(key, acquired, sentAt, watch))) {
        await this.minting.underLease(key, acquired, watch);
      }
      held.maintainAt = this.clock.monotonic() + key.integration.policy.leaseMs / 3;
    } finally {
      watch.close();
    }
  }

  /**
   * Offers a token that was minted without the store; the one that lives longer wins.
   *
   * @throws TokenSourceError, TokenStoreUnavailableError
   */
  async share(key: TokenKey, held: HeldToken): Promise<void> {
    const watch = this.storeEvents.watch(key.id);
    try {
      held.maintainAt = this.clock.monotonic() + BREAKER_RESET_MS;
      const lease = held.unshared?.lease ?? (await this.leaseFor(key, held, watch));
      if (!lease) return;
      const published = await this.minting.publish(key, lease, freshFrom(held), watch);
      if (!published) this.near.drop(key.id, held);
    } finally {
      watch.close();
    }
  }

  /** The right to publish a token that was minted without one; nothing when the store has, or should have, a better one. */
  private async leaseFor(key: TokenKey, held: HeldToken, watch: KeyWatch): Promise<Granted['lease'] | undefined> {
    const sentAt = this.clock.monotonic();
    const acquired = await this.store.acquire(key, this.protocol.nonceFor(key), held.endsAt - sentAt);
    // A token that is being refreshed, or cannot be, is told although it ends before ours.
    if (acquired.outcome === 'hit' && sentAt + acquired.token.ttlMs > held.endsAt) {
      this.shelf.adopt(key, acquired.token, sentAt, watch);
    }
    if (acquired.outcome !== 'lease') return undefined;
    const isOver = held.endsAt - this.clock.monotonic() < 1;
    if (acquired.reason !== 'invalidated' && !isOver) return acquired.lease;
    this.near.drop(key.id, held);
    await this.minting.underLease(key, acquired, watch);
    return undefined;
  }

  /** Another process refreshed already, with a token that lives shorter than the old one's window: take that. */
  private async settleFor(key: TokenKey, { lease, token }: Granted, sentAt: number, watch: KeyWatch): Promise<boolean> {
    const adopted = token && this.shelf.adopt(key, token, sentAt, watch);
    if (!isUsable(adopted) || adopted.refreshAt <= this.clock.monotonic()) return false;
    await this.store.fail(key, lease);
    return true;
  }
}

import { type TokenKey } from '../config/token-key.js';
import { type Clock } from '../contract/clock.js';
import { freshFrom, type HeldToken, type Sharing } from '../contract/held-token.js';
import { leftMs, type Moment, momentOf } from '../contract/moment.js';
import { recentlyUsed } from '../contract/recently-used.js';
import { type FreshToken } from '../contract/token-content.js';
import { type TokenObservers } from '../contract/token-observers.js';
import { type Committed, type Lease, type StoredToken } from '../contract/token-store.js';
import { enoughLifeMs } from '../in-hand/enough-life.js';
import { type TokensInHand } from '../in-hand/tokens-in-hand.js';
import { type KeyWatch } from '../store-client/key-watch.js';
import { type PayloadCodec } from '../store-client/payload-codec.js';
import { type Refused, type StoreClient } from '../store-client/store-client.js';
import { type StoreEvents } from '../store-client/store-events.js';
import { type Minted } from './minting.js';
import { type Retries } from './retries.js';

export interface PublishingParts {
  clock: Clock;
  codec: PayloadCodec;
  store: StoreClient;
  storeEvents: StoreEvents;
  tokens: TokensInHand;
  retries: Retries;
  observers: TokenObservers;
}

/** Takes a token in hand once what was sent at that moment has an answer or will have none. */
type Keep = (sentAt: Moment, sharing: Sharing) => HeldToken;

/** A token that was sent under a fence, be it in several commits at once: other work of the process may have been granted that lease too. */
interface Sent {
  readonly fence: number;
  readonly accessToken: string;
  /** Since the last commit of it was sent. */
  isStored: boolean;
}

/** Makes a token of this process that of the fleet: by commit under a lease, or by an offer without one. */
export class Publishing {
  /** The last commit of each key that was sent. */
  private readonly sent = recentlyUsed<Sent>();

  /** Commits that are sent again, by key and generation. */
  private readonly settling = new Map<string, Promise<HeldToken | 'voided'>>();

  constructor(private readonly parts: PublishingParts) {}

  /** Commits what was minted under that fence; the lease may be a later one. */
  async commit(key: TokenKey, lease: Lease, fresh: FreshToken, watch: KeyWatch): Promise<Minted> {
    const { tokens } = this.parts;
    return this.send(key, lease, fresh, watch, (sentAt, sharing) =>
      tokens.keep(key, fresh, lease.fence, sentAt, sharing),
    );
  }

  /** Commits a token that is in hand by now; a rejection that it met there holds on. */
  async commitInHand(key: TokenKey, lease: Lease, held: HeldToken, watch: KeyWatch): Promise<Minted> {
    const { tokens } = this.parts;
    const wasRejected = tokens.isRejected(key.id, held);
    const minted = await this.send(key, lease, freshFrom(held), watch, (sentAt, sharing) =>
      tokens.keepShared(key, held, lease.fence, sentAt, sharing, wasRejected),
    );
    if (minted === 'voided') tokens.drop(key.id, held);
    return minted;
  }

  /**
   * Whether another token was sent to the store under that lease. The process, being one holder, is granted a lease again that
   * its other work uses; of two tokens of one fence only one can be shared.
   */
  isSpent(keyId: string, { fence }: Lease, accessToken: string): boolean {
    const last = this.sent.get(keyId);
    return last?.fence === fence && last.accessToken !== accessToken;
  }

  /** Commits a token that is in hand, and again while that has no answer. */
  async share(key: TokenKey, lease: Lease, held: HeldToken, watch: KeyWatch): Promise<void> {
    if (this.isSpent(key.id, lease, held.token.accessToken)) return void (await this.giveUp(key, lease));
    const shared = await this.shareOnce(key, lease, held, watch);
    if (isUnanswered(shared)) this.shareAgain(key, shared);
  }

  /** Sends a commit that got no answer again, for as long as its token lives and is in hand. */
  shareAgain(key: TokenKey, unanswered: HeldToken): void {
    const { retries, tokens } = this.parts;
    retries.begin(unanswered.ends.monotonicAt, async () => {
      const held = tokens.valid(key.id);
      if (held?.token.generation !== unanswered.token.generation) return true;
      return !isUnanswered(await this.settle(key, held));
    });
  }

  /** Sends a commit that got no answer once more; gives the token that the fleet now shares, or `voided` when there is none. */
  async settle(key: TokenKey, held: HeldToken): Promise<HeldToken | 'voided'> {
    const { sharing, token } = held;
    if (sharing.state !== 'unanswered') return held;
    const id = `${key.id} ${token.generation}`;
    const current = this.settling.get(id);
    if (current) return current;
    const watch = this.parts.storeEvents.watch(key);
    const settled = this.shareOnce(key, sharing.lease, held, watch).finally(() => {
      watch.close();
      this.settling.delete(id);
    });
    this.settling.set(id, settled);
    return settled;
  }

  /** Gives the token that the fleet now shares, or `voided` when there is none. */
  private async shareOnce(
    key: TokenKey,
    lease: Lease,
    held: HeldToken,
    watch: KeyWatch,
  ): Promise<HeldToken | 'voided'> {
    const minted = await this.commitInHand(key, lease, held, watch);
    return minted === 'voided' ? minted : minted.held;
  }

  /**
   * Offers a token that is in hand to a store that has none and grants no lease.
   *
   * @throws TokenStoreUnavailableError
   */
  async offer(key: TokenKey, refused: Refused, held: HeldToken, watch: KeyWatch): Promise<void> {
    const { clock, codec, store, tokens } = this.parts;
    const fresh = freshFrom(held);
    const { generation } = held.token;
    const sentAt = momentOf(clock);
    const ttlMs = Math.floor(leftMs(fresh.ends, sentAt));
    if (ttlMs < 1) return;
    const payload = codec.encode(key.id, generation, fresh.content);
    const offered = await store.offer(key, refused, generation, payload, ttlMs);
    switch (offered.outcome) {
      case 'voided':
        return tokens.drop(key.id, held);
      case 'superseded':
        return void this.admitInstead(key, fresh, offered.token, sentAt, watch);
      case 'stored':
        if (!watch.hasVoided(generation)) tokens.keepShared(key, held, generation, sentAt, { state: 'shared' });
    }
  }

  private async send(key: TokenKey, lease: Lease, fresh: FreshToken, watch: KeyWatch, keep: Keep): Promise<Minted> {
    const { clock, codec, store, storeEvents } = this.parts;
    const { fence } = lease;
    const sentAt = momentOf(clock);
    const ttlMs = Math.floor(leftMs(fresh.ends, sentAt));
    // What is over is never published.
    if (ttlMs < 1) return this.giveUp(key, lease);
    const payload = codec.encode(key.id, fence, fresh.content);
    const sent = this.sending(key.id, fence, fresh.content.accessToken);
    let committed: Committed;
    try {
      committed = await store.commit(key, lease, payload, ttlMs);
    } catch {
      if (watch.hasVoided(fence)) return 'voided';
      if (sent.isStored) return { held: keep(sentAt, { state: 'shared' }), outcome: 'stored' };
      return { held: keep(sentAt, { state: 'unanswered', lease }), outcome: 'local' };
    }
    storeEvents.released(key.id, fence);
    switch (committed.outcome) {
      case 'voided':
        this.parts.observers.notify('superseded', key.integration.name);
        return 'voided';
      case 'superseded': {
        this.parts.observers.notify('superseded', key.integration.name);
        const held = this.admitInstead(key, fresh, committed.token, sentAt, watch);
        if (held) return { held, outcome: 'superseded' };
        if (watch.hasPurged(fence)) return 'voided';
        return { held: keep(sentAt, { state: 'unshared' }), outcome: 'local' };
      }
      default:
        sent.isStored = true;
        if (watch.hasVoided(fence)) return 'voided';
        return { held: keep(sentAt, { state: 'shared' }), outcome: 'stored' };
    }
  }

  private sending(keyId: string, fence: number, accessToken: string): Sent {
    const last = this.sent.get(keyId);
    const isAgain = last?.fence === fence && last.accessToken === accessToken;
    const sent = isAgain ? last : { fence, accessToken, isStored: false };
    sent.isStored = false;
    this.sent.set(keyId, sent);
    return sent;
  }

  /** Releases a lease under which nothing is committed. */
  async giveUp(key: TokenKey, lease: Lease): Promise<'voided'> {
    const { store, storeEvents } = this.parts;
    await store.fail(key, lease).then(
      () => storeEvents.released(key.id, lease.fence),
      () => {},
    );
    return 'voided';
  }

  /** Takes the token that the store has instead, if it can be used and has enough life. */
  private admitInstead(
    key: TokenKey,
    fresh: FreshToken,
    token: StoredToken | undefined,
    sentAt: Moment,
    watch: KeyWatch,
  ): HeldToken | undefined {
    // The life was told somewhere between the call and now.
    if (!token || token.ttlMs < enoughLifeMs(fresh, momentOf(this.parts.clock))) return undefined;
    return this.parts.tokens.admit(key, token, sentAt, watch).held;
  }
}

function isUnanswered(shared: HeldToken | 'voided'): shared is HeldToken {
  return shared !== 'voided' && shared.sharing.state === 'unanswered';
}

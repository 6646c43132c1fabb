import { type Clock } from '../contract/clock.js';
import { BREAKER_RESET_MS } from '../store-client/guarded-store.js';
import { type FreshToken } from '../source-client/source-client.js';
import { type HeldToken, type NearCache } from './near-cache.js';
import { type PayloadCodec } from '../store-client/payload-codec.js';
import { type TokenKey } from '../config/token-key.js';
import { type TokenObservers } from '../contract/token-observers.js';
import { type StoredToken } from '../contract/token-store.js';
import { Token } from '../contract/token.js';
import { type KeyWatch } from '../store-client/store-events.js';

/**
 * Why a token of the store is of no use: voided or ended meanwhile, older than the shared one that we hold since the store
 * lost what came after it, rejected here before, or not to be read.
 */
export type Unusable = 'voided' | 'outdated' | 'rejected' | 'unreadable';

export function isUsable(adopted: HeldToken | Unusable | undefined): adopted is HeldToken {
  return typeof adopted === 'object';
}

/** Makes tokens of what sources and the store say, and keeps them at hand. */
export class TokenShelf {
  constructor(
    private readonly near: NearCache,
    private readonly codec: PayloadCodec,
    private readonly clock: Clock,
    private readonly observers: TokenObservers,
  ) {}

  /** Keeps a token that the store gave us, unless we know better than to use it. */
  adopt(key: TokenKey, stored: StoredToken, sentAt: number, watch: KeyWatch): HeldToken | Unusable {
    const endsAt = sentAt + stored.ttlMs;
    if (watch.hasVoided(stored.fence) || endsAt <= this.clock.monotonic()) return 'voided';
    const current = this.near.valid(key.id, sentAt);
    if (current && !current.unshared && current.token.generation === stored.fence) {
      current.confirmedAt = sentAt;
      return current;
    }
    if (current && isNewer(current, stored, sentAt)) return 'outdated';
    const content = this.codec.decode(key.id, stored.fence, stored.payload);
    if (!content) {
      this.observers.notify('unreadable', key.integration.name);
      return 'unreadable';
    }
    if (this.near.isRejected(content.accessToken)) return 'rejected';
    return this.keep(key, { content, endsAt, refreshAt: endsAt - content.refreshWindowMs }, stored.fence, sentAt);
  }

  /** Keeps a token under its generation; `unshared` if the store does not have it. */
  keep(
    key: TokenKey,
    { content, endsAt, refreshAt }: FreshToken,
    generation: number,
    confirmedAt: number,
    unshared?: HeldToken['unshared'],
  ): HeldToken {
    const { name } = key.integration;
    const now = this.clock.monotonic();
    const token = new Token({
      accessToken: content.accessToken,
      tokenType: content.tokenType,
      scope: content.scope,
      integration: name,
      generation,
      expiresAt: content.expiresAt,
      refreshAt: Math.floor(this.clock.now() + refreshAt - now),
      keyId: key.id,
    });
    const refreshesAt = content.refreshWindowMs > 0 ? refreshAt : Number.POSITIVE_INFINITY;
    const maintainAt = unshared ? now + BREAKER_RESET_MS : refreshesAt;
    const held: HeldToken = { token, endsAt, refreshAt, confirmedAt, maintainAt, ...(unshared && { unshared }) };
    this.near.keep(key.id, held);
    this.observers.notify('learned', name, content.expiresAt);
    return held;
  }
}

/** Published later; an answer that left the store before we learned of the other token says nothing. */
function isNewer({ unshared, token, confirmedAt }: HeldToken, stored: StoredToken, sentAt: number): boolean {
  return !unshared && token.generation > stored.fence && confirmedAt <= sentAt;
}

import { LRUCache } from 'lru-cache';
import { type NearCachePolicy } from '../config/policy.js';
import { type TokenKey } from '../config/token-key.js';
import { type Clock } from '../contract/clock.js';
import { fenceOf, freshFrom, hasGeneration, type HeldToken, type Sharing } from '../contract/held-token.js';
import { voids } from '../contract/mint-fence.js';
import { type FreshToken } from '../contract/token-content.js';
import { type TokenObservers } from '../contract/token-observers.js';
import { type StoredToken, type TokenStoreEvent } from '../contract/token-store.js';
import { Token } from '../contract/token.js';
import { BREAKER_RESET_MS } from '../store-client/guarded-store.js';
import { type KeyWatch } from '../store-client/key-watch.js';
import { type PayloadCodec } from '../store-client/payload-codec.js';

/** The channel by which this process hears of changes. */
export interface Channel {
  /** Monotonic instant since when events arrive; undefined while they do not. */
  readonly upSince: number | undefined;
}

/**
 * What came of a token of the store. `voided`: it was rejected, purged or ended on its way. `outdated`: the store has lost
 * the newer one that we hold. `unreadable`: it was sealed with another key, or is not ours.
 */
export type Admission =
  { readonly outcome: 'held'; readonly held: HeldToken } | { readonly outcome: 'voided' | 'outdated' | 'unreadable' };

export interface TokensInHandParts {
  policy: NearCachePolicy | false;
  maxEntries: number;
  /** Undefined for a store without events, which is asked on each look-up. */
  channel: Channel | undefined;
  clock: Clock;
  codec: PayloadCodec;
  observers: TokenObservers;
}

/** A token in hand, and what is known of it. */
interface Entry {
  readonly key: TokenKey;
  readonly held: HeldToken;
  /** When the call was sent to which the store answered that this is the shared one. */
  confirmedAt: number;
  /** Marked as rejected: given out only when no other token can be had. */
  isRejected: boolean;
}

/**
 * The tokens in the hand of this process: near cache, and last resort. A token is immutable and ends by itself, so a copy
 * is correct without coherence until hard expiry; coherence is needed only to hear early of a rejection or a purge.
 */
export class TokensInHand {
  private readonly entries: LRUCache<string, Entry>;
  /** The keys of the tokens that were ever in hand, for as long as an application holds one. */
  private readonly keys = new WeakMap<Token, TokenKey>();

  constructor(private readonly parts: TokensInHandParts) {
    this.entries = new LRUCache({ max: parts.maxEntries });
  }

  /** The token that may be given out without asking the store. */
  trusted(keyId: string, now: number): HeldToken | undefined {
    const entry = this.entries.get(keyId);
    if (!entry || entry.isRejected || entry.held.endsAt <= now) return undefined;
    return this.isTrusted(entry, now) ? entry.held : undefined;
  }

  /** The token that neither ended nor was rejected, whatever the store may have to say. */
  valid(keyId: string, now: number): HeldToken | undefined {
    const entry = this.live(keyId, now);
    return entry?.isRejected ? undefined : entry?.held;
  }

  /** The token that has not ended, be it rejected: for callers that can be given no other. */
  lastResort(keyId: string, now: number): HeldToken | undefined {
    return this.live(keyId, now)?.held;
  }

  /** The token of that generation, and its key, if it is still in hand. */
  find({ keyId, generation }: Token): { readonly key: TokenKey; readonly held: HeldToken } | undefined {
    const entry = this.entries.peek(keyId);
    return entry && hasGeneration(entry.held, generation) ? entry : undefined;
  }

  /** The key of a token that is or was in hand; it names the request, which the id of a token does not tell. */
  keyOf(token: Token): TokenKey | undefined {
    return this.keys.get(token);
  }

  /** Whether a newer token than this one is in hand. */
  hasNewerThan({ keyId, generation }: Token): boolean {
    const current = this.valid(keyId, this.parts.clock.monotonic());
    return current !== undefined && current.token.generation > generation && !hasGeneration(current, generation);
  }

  /** Takes a token that the store gave as the shared one, unless we know better. */
  admit(key: TokenKey, stored: StoredToken, sentAt: number, watch: KeyWatch): Admission {
    const endsAt = sentAt + stored.ttlMs;
    if (watch.hasVoided(stored.fence) || endsAt <= this.parts.clock.monotonic()) return { outcome: 'voided' };
    const current = this.live(key.id, sentAt);
    if (current && isShared(current, stored.fence)) {
      current.confirmedAt = sentAt;
      current.isRejected = false;
      return { outcome: 'held', held: current.held };
    }
    if (current && isNewer(current, stored, sentAt)) return { outcome: 'outdated' };
    const held = this.open(key, stored, endsAt);
    if (!held) return { outcome: 'unreadable' };
    return { outcome: 'held', held: this.put({ key, held, confirmedAt: sentAt, isRejected: false }) };
  }

  /**
   * Takes a token of the store that does not serve, as the last resort, unless a better one is in hand.
   *
   * @param isMarked by the store, and not only of no use to the caller; the same token in hand is then marked as well
   */
  admitRejected(key: TokenKey, stored: StoredToken, isMarked: boolean, sentAt: number, watch: KeyWatch): void {
    const endsAt = sentAt + stored.ttlMs;
    if (watch.hasPurged(stored.fence) || endsAt <= this.parts.clock.monotonic()) return;
    const current = this.live(key.id, sentAt);
    if (isMarked && current && isShared(current, stored.fence)) current.isRejected = true;
    if (current && !isPastResort(current, stored)) return;
    const held = this.open(key, stored, endsAt);
    if (held) this.put({ key, held, confirmedAt: sentAt, isRejected: true });
  }

  /** Takes a token that was minted here, under its generation. */
  keep(key: TokenKey, fresh: FreshToken, generation: number, confirmedAt: number, sharing: Sharing): HeldToken {
    const held = this.heldToken(key, fresh, generation, sharing);
    return this.put({ key, held, confirmedAt, isRejected: false });
  }

  /** Takes a token that was in hand before it was shared under a new generation; a rejection of it holds on. */
  keepShared(key: TokenKey, former: HeldToken, generation: number, confirmedAt: number, sharing: Sharing): HeldToken {
    const isRejected = this.isRejected(key.id, former);
    const shared = this.heldToken(key, freshFrom(former), generation, sharing);
    const held = { ...shared, obtainedAt: former.obtainedAt, formerGeneration: former.token.generation };
    return this.put({ key, held, confirmedAt, isRejected });
  }

  /** Lets go of that token, if it is the one in hand. */
  drop(keyId: string, held: HeldToken): void {
    if (this.entries.peek(keyId)?.held === held) this.entries.delete(keyId);
  }

  /** Whether that token is in hand, and marked as rejected. */
  isRejected(keyId: string, held: HeldToken): boolean {
    const entry = this.entries.peek(keyId);
    return entry?.held === held && entry.isRejected;
  }

  /**
   * Lets go of a rejected token that the store, asked at that instant, does not hand back any more: it was purged, of which a
   * process without events hears no other way.
   */
  dropRejected(keyId: string, sentAt: number): void {
    const entry = this.entries.peek(keyId);
    if (!entry?.isRejected || entry.held.sharing.state !== 'shared' || entry.confirmedAt > sentAt) return;
    this.entries.delete(keyId);
  }

  /** Marks that token as rejected. */
  reject(keyId: string, held: HeldToken): void {
    const entry = this.entries.peek(keyId);
    if (entry?.held === held) entry.isRejected = true;
  }

  /** Lets go of a token that was purged, and marks one that was rejected. */
  notice(event: TokenStoreEvent): void {
    const entry = this.entries.peek(event.keyId);
    if (!entry || !voids(event, fenceOf(entry.held))) return;
    if (event.type === 'purged') this.entries.delete(event.keyId);
    else entry.isRejected = true;
  }

  private live(keyId: string, now: number): Entry | undefined {
    const entry = this.entries.get(keyId);
    return entry && entry.held.endsAt > now ? entry : undefined;
  }

  /**
   * Puts it in hand, unless a better one is there: a newer one that was confirmed later, since replies of the store may
   * overtake each other, or one that outlives a token which could not be shared.
   */
  private put(entry: Entry): HeldToken {
    const { key, held } = entry;
    const current = this.entries.peek(key.id);
    if (!current || current.isRejected || !isBetter(current, entry)) this.entries.set(key.id, entry);
    this.parts.observers.notify('learned', key.integration.name, held.token.expiresAt);
    return held;
  }

  private open(key: TokenKey, { fence, payload }: StoredToken, endsAt: number): HeldToken | undefined {
    const content = this.parts.codec.decode(key.id, fence, payload);
    if (!content) {
      this.parts.observers.notify('unreadable', key.integration.name);
      return undefined;
    }
    const fresh = { content, endsAt, refreshAt: endsAt - content.refreshWindowMs };
    return this.heldToken(key, fresh, fence, { state: 'shared' });
  }

  private heldToken(key: TokenKey, fresh: FreshToken, generation: number, sharing: Sharing): HeldToken {
    const { content, endsAt, refreshAt } = fresh;
    const { clock } = this.parts;
    const now = clock.monotonic();
    const { accessToken, tokenType, scope, expiresAt } = content;
    const token = new Token({
      accessToken,
      tokenType,
      scope,
      integration: key.integration.name,
      generation,
      expiresAt,
      refreshAt: Math.floor(clock.now() + refreshAt - now),
      keyId: key.id,
      credential: key.integration.credential,
    });
    this.keys.set(token, key);
    const tendAt = sharing.state === 'shared' ? refreshAt : now + BREAKER_RESET_MS;
    return { token, endsAt, refreshAt, obtainedAt: now, tendAt, sharing };
  }

  private isTrusted({ held, confirmedAt }: Entry, now: number): boolean {
    if (held.sharing.state !== 'shared') return true;
    const { policy, channel } = this.parts;
    if (!policy || !channel) return false;
    const { upSince } = channel;
    return upSince === undefined ? now - confirmedAt < policy.maxAgeMs : confirmedAt >= upSince;
  }
}

function isShared({ held }: Entry, generation: number): boolean {
  return held.sharing.state === 'shared' && held.token.generation === generation;
}

/** The store rejects a newer token than this one, which it had before, or which was rejected as well. */
function isPastResort({ held, isRejected }: Entry, stored: StoredToken): boolean {
  if (held.sharing.state !== 'shared') return isRejected;
  return held.token.generation < stored.fence;
}

/** Published later; an answer that left the store before we learned of the other token says nothing. */
function isNewer({ held, confirmedAt, isRejected }: Entry, stored: StoredToken, sentAt: number): boolean {
  if (isRejected || held.sharing.state !== 'shared') return false;
  return held.token.generation > stored.fence && confirmedAt <= sentAt;
}

function isBetter(current: Entry, { held, confirmedAt }: Entry): boolean {
  // The generation of a token without a lease has no place among the fences.
  const isComparable = held.sharing.state !== 'local' && current.held.sharing.state !== 'local';
  const isNewerThere = current.held.token.generation > held.token.generation;
  const isOvertaking = isComparable && isNewerThere && current.confirmedAt > confirmedAt;
  return isOvertaking || (held.sharing.state !== 'shared' && current.held.endsAt > held.endsAt);
}
